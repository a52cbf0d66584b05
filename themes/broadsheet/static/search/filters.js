// The filters beside the search box: what they offer, with counts, and what is chosen.
import { button, figure, node, papers } from "./nodes.js";

export const FILTERS = ["topic", "year", "org", "code"];

/** Offers the values of the filters with the papers each would give. */
export function offer(form, { topics }, counts) {
  const field = (name) => form.elements.namedItem(name);
  const title = (slug) => (Object.hasOwn(topics, slug) ? topics[slug] : slug);
  const places = new Map(Object.keys(topics).map((slug, place) => [slug, place]));
  const inOrder = counts.topic.sort(([a], [b]) => places.get(a) - places.get(b));
  fillSelect(field("topic"), inOrder, title);
  fillSelect(field("year"), counts.year, String);
  offerOrganizations(form, counts.organization);
  const code = form.querySelector(".search-code");
  if (code) code.textContent = figure(counts.code);
}

/** Completes the organization: there may be thousands, of which those given are offered. */
export function offerOrganizations(form, counts) {
  const control = form.elements.namedItem("org");
  if (!control) return;
  if (!control.list) {
    form.append(node("datalist", { id: "organizations" }));
    control.setAttribute("list", "organizations");
  }
  control.list.replaceChildren(
    ...counts.map(([name, count]) => node("option", { value: name, label: papers(count) })),
  );
}

/** The one that is chosen stays on offer, even with nothing in it. */
function fillSelect(select, counts, title) {
  if (!select) return;
  const chosen = select.value;
  const offered = counts.map(
    ([value, count]) => new Option(`${title(value)} (${figure(count)})`, value),
  );
  if (chosen && !counts.some(([value]) => value === chosen)) {
    offered.unshift(new Option(`${title(chosen)} (0)`, chosen));
  }
  select.replaceChildren(select.options[0], ...offered);
  select.value = chosen;
}

/** Sets a control, with an option of its own for a value that a filter does not offer yet. */
export function choose(control, value) {
  if (!control) return;
  if (control.type === "checkbox") {
    control.checked = Boolean(value);
    return;
  }
  const known = ({ options }) => [...options].some((option) => option.value === value);
  if (control.options && !known(control)) {
    if (FILTERS.includes(control.name)) control.append(new Option(value, value));
    else value = "";
  }
  control.value = value;
}

/** What is chosen, each with a button that takes it away again: the filters may be closed. */
export function showChosen(list, state, { topics }, remove) {
  const names = {
    topic: (slug) => (Object.hasOwn(topics, slug) ? topics[slug] : slug),
    year: String,
    org: String,
    code: () => "With code",
    all: () => "All the words",
    sort: () => "Newest first",
  };
  const inForce = Object.keys(names).filter((name) => state.has(name));
  const chosen = inForce.map((name) => {
    const text = names[name](state.get(name));
    const label = { "aria-label": `Remove ${text}` };
    return node("li", {}, button(() => remove(name), label, text, cross()));
  });
  list?.replaceChildren(...chosen);
}

function cross() {
  return node("span", { "aria-hidden": "true" }, "×");
}
