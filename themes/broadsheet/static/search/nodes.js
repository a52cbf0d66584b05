// Elements are made from nodes, never from markup: whatever a text holds, it stays text.

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
