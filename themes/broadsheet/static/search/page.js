// The search page: what its form says stands in the URL, and what the URL says is shown. Every part
// of the page may be missing in another theme; only the form's `q` is needed. Results are built
// from nodes, never from markup.
import { highlight, normalize, openIndex, stem } from "./search.js";

const PAGE = 20;
const PAUSE = 120; // milliseconds without a key before a question is asked
const FILTERS = ["topic", "year", "org", "code", "sort"];

const root = new URL(document.documentElement.dataset.root ?? "../", location.href).href;
const part = (name) => document.getElementById(`search-${name}`);
const form = part("form");
const field = (name) => form.elements.namedItem(name);
const dates = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", timeZone: "UTC", // as the templates write them
});

let opened = null; // the index, or its being opened
let turn = 0; // answers to earlier questions are stale
let timer = 0;
let typed = false; // whether this entry of the history is still being typed

if (form) start();

function start() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    settle(!typed);
  });
  form.addEventListener("input", ({ target }) => {
    if (target === field("q")) type();
    else settle(true);
  });
  part("more")?.addEventListener("click", showMore);
  addEventListener("popstate", () => {
    typed = false;
    readUrl();
    answer();
  });
  addEventListener("online", () => answer());
  readUrl();
  keysSwitch();
  if (!field("q").value) field("q").focus();
  answer();
}

// ----------------------------------------------------------------------------------- URL and form

function readUrl() {
  const wanted = new URLSearchParams(location.search);
  field("q").value = wanted.get("q") ?? "";
  for (const name of FILTERS) choose(field(name), wanted.get(name) ?? "");
}

/** Sets a control, with an option of its own for a value that the select does not offer yet. */
function choose(control, value) {
  if (!control) return;
  if (control.type === "checkbox") {
    control.checked = Boolean(value);
    return;
  }
  if (![...control.options].some((option) => option.value === value)) {
    control.append(new Option(value, value));
  }
  control.value = value;
}

function readForm() {
  const state = new URLSearchParams();
  for (const name of ["q", ...FILTERS]) {
    const control = field(name);
    const value = control?.type === "checkbox" ? control.checked && "1" : control?.value.trim();
    if (value) state.set(name, value);
  }
  return state;
}

function limit() {
  const asked = Number(new URLSearchParams(location.search).get("n"));
  return asked > PAGE ? Math.floor(asked) : PAGE;
}

function writeUrl(state, fresh) {
  const address = state.size ? `?${state}` : location.pathname;
  if (address === (location.search || location.pathname)) return;
  history[fresh ? "pushState" : "replaceState"](null, "", address);
}

/** A key was pressed: the first makes an entry of the history, the next ones rewrite it. */
function type() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (/(^|\s)[+-]?(\w+:)?\*+$/.test(field("q").value)) return; // a lone star asks for everything
    writeUrl(readForm(), !typed);
    typed = true;
    answer();
  }, PAUSE);
}

/** The question stands: Enter, or another filter, which makes an entry of the history. */
function settle(fresh) {
  clearTimeout(timer);
  writeUrl(readForm(), fresh);
  typed = false;
  answer();
}

async function showMore() {
  const shown = part("results").children.length;
  const state = readForm();
  state.set("n", String(limit() + PAGE));
  writeUrl(state, false);
  await answer();
  part("results").children[shown]?.querySelector("a").focus();
}

// ---------------------------------------------------------------------------------------- Answers

async function answer() {
  const mine = ++turn;
  const state = readForm();
  try {
    opened ??= openIndex(root);
    const index = await opened;
    const query = state.get("q") ?? "";
    const found = await index.search(query, { ...options(state), facets: true });
    const looser = found.total || mine !== turn ? "" : await looserQuery(index, query);
    if (mine === turn) show(index, state, found, looser);
  } catch (error) {
    opened = null;
    if (mine === turn) showFailure(error);
  }
}

function options(state) {
  return {
    topic: state.get("topic") ?? undefined,
    year: state.get("year") ?? undefined,
    organization: state.get("org") ?? undefined,
    hasCode: state.has("code") || undefined,
    sort: state.get("sort") ?? "relevance",
    limit: limit(),
  };
}

/** The first looser form of a query that finds papers: letters that differ, then only beginnings. */
async function looserQuery(index, query) {
  const words = normalize(query).split(" ").filter((word) => /^[a-z]{4,}$/.test(word));
  const begun = (word) => `${word.slice(0, Math.max(4, Math.ceil(word.length * 0.6)))}*`;
  for (const loosen of [(word) => `${word}~1`, (word) => `${word}~2`, begun]) {
    const looser = words.map(loosen).join(" ");
    if (looser && (await index.search(looser, { limit: 0 })).total) return looser;
  }
  return "";
}

function show(index, state, { total, results, terms, facets }, looser) {
  const asked = FILTERS.some((name) => name !== "sort" && state.has(name)) || state.has("q");
  showFacets(index, facets);
  say(asked ? `${total.toLocaleString()} ${total === 1 ? "paper" : "papers"}` : "");
  part("results")?.replaceChildren(...(asked ? results : []).map((r) => paper(index, r, terms)));
  part("more")?.toggleAttribute("hidden", !asked || results.length === total);
  part("help")?.toggleAttribute("hidden", asked && total > 0);
  const hints = asked && total === 0 ? noResults(index, state, looser) : [];
  part("empty")?.replaceChildren(...hints);
  part("empty")?.toggleAttribute("hidden", !hints.length);
}

function showFailure(error) {
  const offline = navigator.onLine === false;
  if (!offline) console.error(error);
  say(offline ? "You are offline" : "The index could not be fetched");
  part("results")?.replaceChildren();
  part("more")?.setAttribute("hidden", "");
  part("empty")?.replaceChildren(
    node("h2", {}, offline ? "You are offline" : "The search does not answer"),
    node("p", {}, "The index of the papers could not be fetched. ", retryButton()),
  );
  part("empty")?.removeAttribute("hidden");
}

function retryButton() {
  const button = node("button", { type: "button" }, "Try again");
  button.addEventListener("click", () => answer());
  return button;
}

function say(text) {
  const status = part("status");
  if (status && status.textContent !== text) status.textContent = text;
}

// ----------------------------------------------------------------------------------------- Facets

function showFacets(index, { topic, year, organization, code }) {
  const byTitle = ([a], [b]) => index.topics[a].localeCompare(index.topics[b]);
  const byName = ([a], [b]) => a.localeCompare(b);
  fill(field("topic"), Object.entries(topic).sort(byTitle), (slug) => index.topics[slug] ?? slug);
  fill(field("year"), Object.entries(year).sort(([a], [b]) => b - a), String);
  fill(field("org"), Object.entries(organization).sort(byName), String);
  field("code")?.toggleAttribute("disabled", code === 0 && !field("code").checked);
}

/** Offers the values with their counts; the one that is chosen stays, even with nothing in it. */
function fill(select, counts, title) {
  if (!select) return;
  const chosen = select.value;
  const offered = counts.map(([value, count]) => new Option(`${title(value)} (${count})`, value));
  if (chosen && !offered.some((option) => option.value === chosen)) {
    offered.push(new Option(`${title(chosen)} (0)`, chosen));
  }
  select.replaceChildren(select.options[0], ...offered);
  select.value = chosen;
}

// ------------------------------------------------------------------------------------------ Nodes

function paper(index, result, terms) {
  const { title, url, authors, date, organization, topics, hasCode, excerpt } = result;
  const known = topics.filter((slug) => slug in index.topics);
  return node(
    "li",
    { class: "paper" },
    node("h2", { class: "paper-title" }, node("a", { href: root + url }, ...marked(title, terms))),
    node(
      "p",
      { class: "paper-meta" },
      organization && node("span", {}, ...marked(organization, terms)),
      authors && node("span", {}, ...marked(authors, terms)),
      date && node("time", { datetime: date }, dates.format(new Date(date))),
      hasCode && node("span", {}, "Code"),
    ),
    excerpt && node("div", { class: "paper-excerpt" }, node("p", {}, ...marked(excerpt, terms))),
    known.length && node("div", { class: "paper-aside" }, topicList(index, known)),
  );
}

function topicList(index, slugs) {
  const links = slugs.map((slug) => node("li", {}, topicLink(index, slug)));
  return node("ul", { class: "paper-topics", "aria-label": "Topics" }, ...links);
}

function topicLink(index, slug) {
  return node("a", { href: `${root}topics/${slug}/` }, index.topics[slug]);
}

function marked(text, terms) {
  return highlight(text, terms).map(({ text: piece, match }) =>
    match ? node("mark", {}, piece) : piece,
  );
}

/** What to do when nothing was found: fewer filters, looser words, a topic that is near. */
function noResults(index, state, looser) {
  const query = state.get("q") ?? "";
  const hints = [];
  if (FILTERS.some((name) => name !== "sort" && state.has(name))) {
    hints.push(searchLink({ q: query }, "Search without the filters"));
  }
  if (looser) hints.push(searchLink({ q: looser }, `Search for ${looser}`));
  hints.push("Use fewer or more general words.");
  const near = nearTopics(index, query).map((slug) => node("li", {}, topicLink(index, slug)));
  return [
    node("h2", {}, "Nothing found"),
    node("ul", {}, ...hints.map((hint) => node("li", {}, hint)), ...near),
    node("p", { class: "hint" }, "Or look through ", node("a", { href: `${root}topics/` }, "all topics"), "."),
  ];
}

function nearTopics(index, query) {
  const asked = new Set(normalize(query).split(" ").map(stem));
  const near = ([, title]) => normalize(title).split(" ").some((word) => asked.has(stem(word)));
  return Object.entries(index.topics).filter(near).map(([slug]) => slug);
}

function searchLink(state, text) {
  return node("a", { href: `?${new URLSearchParams(state)}` }, text);
}

/** An element with attributes and children; false, "", 0 and undefined are no children. */
function node(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter(Boolean));
  return element;
}

// ------------------------------------------------------------------------------------------- Keys

/** The switch of the keys that quick.js listens to. */
function keysSwitch() {
  const control = part("keys");
  if (!control) return;
  try {
    control.checked = localStorage.getItem("broadsheet:keys") !== "off";
    control.addEventListener("change", () => {
      localStorage.setItem("broadsheet:keys", control.checked ? "on" : "off");
    });
  } catch {
    control.closest("p")?.remove(); // without storage there is nothing to remember it in
  }
}
