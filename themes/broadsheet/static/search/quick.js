// The way to the search box from every page: / and Ctrl-K go there, Esc leaves it. A slash that is
// being typed somewhere stays a slash. Switched off on the search page (key "broadsheet:keys").
const box = () =>
  [...document.querySelectorAll("#search-q, .quick input")].find((input) => input.offsetParent);

const off = () => {
  try {
    return localStorage.getItem("broadsheet:keys") === "off";
  } catch {
    return false;
  }
};

const typing = ({ target }) =>
  target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);

const asksForSearch = (event) => {
  if (event.altKey || event.defaultPrevented || event.isComposing) return false;
  if (event.ctrlKey || event.metaKey) return event.key.toLowerCase() === "k" && !event.shiftKey;
  return event.key === "/" && !typing(event);
};

document.addEventListener("keydown", (event) => {
  const input = box();
  if (event.key === "Escape" && input && event.target === input) input.blur();
  if (!asksForSearch(event) || off()) return;
  event.preventDefault();
  if (input) {
    input.focus();
    input.select();
  } else {
    location.assign(new URL(`${document.documentElement.dataset.root ?? "/"}search/`, location.href));
  }
});
