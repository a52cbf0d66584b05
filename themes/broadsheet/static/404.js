// Fills the search box with the words of the address that was not found.
const box = document.getElementById("lookup");
const last = location.pathname.split("/").filter(Boolean).pop() ?? "";
const decode = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
const words = decode(last)
  .replace(/\.(html?|bib|ris|json|xml)$/i, "")
  .replace(/[-_+~^:*\s]+/g, " ")
  .trim();
if (box && !box.value && words !== "404") box.value = words.slice(0, 120);
