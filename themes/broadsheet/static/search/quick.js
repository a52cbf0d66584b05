// The way to the search box from every page: / and Ctrl-K go there, Esc leaves it. A slash that is
// being typed somewhere stays a slash. Other keys pressed while nobody types are announced as
// "broadsheet:key", for the page to use. All of it is switched off by "broadsheet:keys" = "off".
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
  target.isContentEditable || target.matches?.("input:not([type=checkbox]), textarea, select");

const asksForSearch = (event) => {
  if (event.ctrlKey || event.metaKey) return event.key.toLowerCase() === "k" && !event.shiftKey;
  return event.key === "/" && !typing(event);
};

const goToSearch = (input) => {
  if (input) {
    input.focus();
    input.select();
  } else {
    const root = document.documentElement.dataset.root ?? "/";
    location.assign(new URL(`${root}search/`, location.href));
  }
};

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.defaultPrevented || event.isComposing || off()) return;
  if (document.querySelector("dialog[open]")) return;
  const input = box();
  if (asksForSearch(event)) {
    event.preventDefault();
    goToSearch(input);
  } else if (event.key === "Escape" && event.target === input) {
    event.preventDefault(); // the words stay
    input.blur();
  } else if (!typing(event) && !event.ctrlKey && !event.metaKey) {
    document.dispatchEvent(new CustomEvent("broadsheet:key", { detail: event }));
  }
});
