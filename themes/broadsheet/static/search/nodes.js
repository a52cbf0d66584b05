// What the page writes. Elements are made from nodes, never from markup: whatever a text holds, it
// stays text.

/** An element with attributes and children; false, null, "" and 0 are no children. */
export function node(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter(Boolean));
  return element;
}

/** A button that does something. */
export function button(act, attributes, ...children) {
  const element = node("button", { type: "button", ...attributes }, ...children);
  element.addEventListener("click", act);
  return element;
}

export function papers(count) {
  return `${figure(count)} ${count === 1 ? "paper" : "papers"}`;
}

/** 1,234: as the templates write it, without waking a library of all languages for it. */
export function figure(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
