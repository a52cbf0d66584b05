// A button that puts a paper's BibTeX entry on the clipboard.
const entry = document.getElementById("bibtex");
const button = document.createElement("button");
const said = document.createElement("span");
button.textContent = "Copy BibTeX";
said.role = "status";
button.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(entry.textContent);
    said.textContent = "Copied";
  } catch {
    said.textContent = "Could not copy: open it below and select it";
  }
  setTimeout(() => (said.textContent = ""), 4000);
});
document.querySelector(".cite .follow").append(button, said);
