// The keys of the search page beside those that lead to its box from everywhere: through the
// results, back to the box, and a dialog that names them all and switches them off.
import { button, node } from "./nodes.js";

/** Listens; `part` gives the page's elements by their names. */
export function listenForKeys(part, box) {
  const titles = () => [...part("results").querySelectorAll(".paper-title a")];
  const go = (title) => {
    title?.focus({ preventScroll: true });
    title?.closest("li").scrollIntoView({ block: "nearest" });
  };
  const move = (step) => {
    const all = titles();
    const here = all.findIndex((title) => title.closest("li").contains(document.activeElement));
    go(all[here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)]);
  };
  const inResults = () => part("results").contains(document.activeElement);
  // The arrows scroll the page, as ever, until one is among the results.
  const acts = {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => inResults() && move(1),
    ArrowUp: () => inResults() && move(-1),
    Escape: () => inResults() && box.focus(),
    "?": showKeys,
  };
  document.addEventListener("broadsheet:key", ({ detail: event }) => {
    const act = Object.hasOwn(acts, event.key) && acts[event.key];
    if (act && act() !== false) event.preventDefault();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || event.isComposing || !titles().length) return;
    event.preventDefault();
    move(1);
  });
  part("keys")?.addEventListener("click", showKeys);
}

// --------------------------------------------------------------------------------------- Dialog

const KEYS = [
  ["/ Ctrl+K", "to the search box, from every page"],
  ["↓", "from the box to the first result"],
  ["j k", "to the next result and to the one before; once there, ↓ and ↑ too"],
  ["Enter", "opens the paper"],
  ["Esc", "from the results to the box, out of the box"],
  ["?", "shows these keys"],
];

let dialog = null;

function showKeys() {
  dialog ??= keysDialog();
  dialog.showModal();
}

function keysDialog() {
  const rows = KEYS.map(([keys, meaning]) =>
    node("div", {}, node("dt", {}, ...keyNames(keys)), node("dd", {}, meaning)),
  );
  const close = button(() => dialog.close(), { autofocus: "" }, "Close");
  const made = node(
    "dialog",
    { class: "keys", "aria-label": "Keys" },
    node("h2", {}, "Keys"),
    node("dl", {}, ...rows),
    keysSwitch(),
    close,
  );
  made.addEventListener("click", ({ target }) => target === made && made.close()); // beside it
  document.body.append(made);
  return made;
}

function keyNames(keys) {
  return keys.split(" ").flatMap((key) => [node("kbd", {}, key), " "]);
}

/** The switch of all keys, which quick.js obeys; without storage nothing could remember it. */
function keysSwitch() {
  try {
    const control = node("input", { type: "checkbox" });
    control.checked = localStorage.getItem("broadsheet:keys") !== "off";
    control.addEventListener("change", () => {
      localStorage.setItem("broadsheet:keys", control.checked ? "on" : "off");
    });
    return node("p", {}, node("label", {}, control, "Listen to these keys"));
  } catch {
    return "";
  }
}
