// Buttons with data-copy="ID" put the text of that element on the clipboard.
const said = document.getElementById("copied");
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      said.textContent = "Copied";
    } catch {
      said.textContent = "Could not copy: open it below and select it";
    }
    setTimeout(() => (said.textContent = ""), 4000);
  });
}
