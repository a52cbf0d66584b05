// The search page: what its form says stands in the URL, and what the URL says is shown. Every part
// of the page may be missing in another theme; only the form's `q` and the list are needed.
import { Client } from "./client.js";
import { FILTERS, choose, offer, offerOrganizations, showChosen } from "./filters.js";
import { listenForKeys } from "./keys.js";
import { button, figure, node, papers } from "./nodes.js";
import { fill, improve, topicLink } from "./results.js";
import { normalize, stem } from "./search.js";

const FIRST = 10; // papers shown at first
const MORE = 20; // papers that are added on demand
const MOST = 500; // papers shown at all
const PAUSE = 100; // milliseconds without a key before a question is asked
const HESITATION = 600; // and before a half-typed word is told that nothing has it
const PATIENCE = 300; // and of silence before the page says that it searches
const STILLNESS = 250; // and with results on the page before more is fetched about them
const CONTROLS = ["q", ...FILTERS, "sort", "all"];

const client = new Client();
const part = (name) => document.querySelector(`#search-${name}, .search-${name}`);
const form = part("form");
const field = (name) => form.elements.namedItem(name);
const wide = matchMedia("(min-width: 48.0625rem)");
const site = {
  root: new URL(document.documentElement.dataset.root ?? "../", location.href).href,
  topics: {},
};
const title = document.title;

let asked = new AbortController(); // of the question that stands; all before it are stale
let timer = 0;
let patience = 0;
let typed = false; // whether this entry of the history is still being typed
let answered = null; // what was asked when the page last showed an answer
let offered = ""; // and when the filters last showed their counts
let failed = false;

if (form) start();

function start() {
  part("still")?.remove();
  listenToForm();
  part("more")?.querySelector("button").addEventListener("click", showMore);
  part("found")?.addEventListener("click", follow);
  addEventListener("popstate", goTo);
  addEventListener("online", () => failed && answer());
  listenForKeys(part, field("q"));
  readUrl();
  if (!field("q").value) field("q").focus({ preventScroll: true });
  keepPlace(answer());
}

function listenToForm() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (document.activeElement === field("org")) return; // its change says it
    settle(!typed);
    if (matchMedia("(pointer: coarse)").matches) field("q").blur(); // puts the keyboard away
  });
  form.addEventListener("input", ({ target, inputType }) => {
    if (target === field("q")) type();
    else if (target === field("org")) completeOrganization(inputType);
  });
  form.addEventListener("change", ({ target }) => {
    if (target === field("org")) settleOrganization();
    else if (target !== field("q")) settle(true);
  });
  const filters = part("filters");
  if (filters) listenToWidth(filters);
}

/** The filters are open where there is room for them. */
function listenToWidth(filters) {
  const fit = () => filters.toggleAttribute("open", wide.matches);
  filters.addEventListener("toggle", refreshFilters);
  wide.addEventListener("change", fit);
  fit();
  filters.dataset.ready = "";
}

/** Coming back from a paper, the reader stands where they left, once the results are there. */
async function keepPlace(shown) {
  history.scrollRestoration = "manual";
  addEventListener("pagehide", () => history.replaceState({ top: scrollY }, ""));
  await shown;
  if (history.state?.top) scrollTo(0, history.state.top);
}

// ----------------------------------------------------------------------------------- URL and form

function readUrl() {
  const wanted = new URLSearchParams(location.search);
  for (const name of CONTROLS) choose(field(name), wanted.get(name) ?? "");
}

function readForm() {
  const state = new URLSearchParams();
  for (const name of CONTROLS) {
    const control = field(name);
    const value = control?.type === "checkbox" ? control.checked && "1" : control?.value.trim();
    if (value) state.set(name, value);
  }
  return state;
}

function limit() {
  const wanted = Number(new URLSearchParams(location.search).get("n"));
  return wanted > FIRST ? Math.min(Math.floor(wanted), MOST) : FIRST;
}

function writeUrl(state, fresh) {
  if (`${state}` === `${new URLSearchParams(location.search)}`) return;
  const address = state.size ? `?${state}` : location.pathname;
  history[fresh ? "pushState" : "replaceState"](null, "", address);
}

/** A key was pressed: the first makes an entry of the history, the next ones rewrite it. */
function type() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (/(^|\s)[+-]?(\w+:)?\*+$/.test(field("q").value)) return; // a lone star asks for everything
    writeUrl(readForm(), !typed);
    typed = true;
    answer({ hesitate: true });
  }, PAUSE);
}

/** The question stands: Enter, or another filter, which makes an entry of the history. */
function settle(fresh) {
  clearTimeout(timer);
  writeUrl(readForm(), fresh);
  typed = false;
  return answer();
}

/** Shows what the address says. */
function goTo() {
  clearTimeout(timer);
  typed = false;
  readUrl();
  answer();
}

/** A link that is another question to this page is answered by this page. */
function follow(event) {
  const link = event.target.closest('a[href^="?"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  goTo();
}

function unfilter(name) {
  choose(field(name), "");
  settle(true);
  part("found")?.focus({ preventScroll: true }); // the button that had the focus goes
}

async function showMore() {
  const shown = part("results").children.length;
  const state = readForm();
  state.set("n", String(limit() + MORE));
  writeUrl(state, false);
  await answer();
  part("results").children[shown]?.querySelector("a").focus({ preventScroll: true });
}

// ---------------------------------------------------------------------------------------- Answers

/** Asks what the form says and shows the answer; until it comes, the one before stays. */
async function answer({ hesitate = false } = {}) {
  asked.abort();
  asked = new AbortController();
  const { signal } = asked;
  const state = readForm();
  clearTimeout(patience);
  patience = setTimeout(() => wait(true), PATIENCE);
  const hesitation = new Promise((resolve) => setTimeout(resolve, hesitate ? HESITATION : 0));
  try {
    const { topics, documents } = await client.call("about", [], signal);
    site.topics = topics;
    document.title = state.has("q") ? `${state.get("q")} · ${title}` : title;
    showChosen(part("chosen"), state, site, unfilter);
    if (isQuestion(state)) await ask(state, hesitation, signal);
    else showStart(documents);
    answered = state;
    failed = false;
    refreshFilters();
  } catch (error) {
    if (!signal.aborted) showFailure(error);
  }
}

function isQuestion(state) {
  return state.has("q") || isFiltered(state);
}

function isFiltered(state) {
  return FILTERS.some((name) => state.has(name));
}

async function ask(state, hesitation, signal) {
  const query = state.get("q") ?? "";
  const found = await client.call("search", [query, { ...options(state), limit: limit() }], signal);
  if (found.total) {
    await show(state, found, signal);
    enrich(state, found, signal).catch(() => {}); // what was found stands without it
  } else {
    await hesitation;
    showNothing(state, await client.call("suggest", [query], signal));
  }
}

function options(state) {
  return {
    topic: state.get("topic") ?? undefined,
    year: state.get("year") ?? undefined,
    organization: state.get("org") ?? undefined,
    hasCode: state.has("code") || undefined,
    all: state.has("all"),
    allFirst: true,
    sort: state.get("sort") ?? "relevance",
    typing: true,
  };
}

/** What may come later than the results: a better spelling, and the passages that were meant. */
async function enrich(state, found, signal) {
  await new Promise((resolve) => setTimeout(resolve, STILLNESS));
  const spelling = found.completed
    ? ""
    : await client.call("suggest", [state.get("q") ?? ""], signal);
  if (spelling) note(...didYouMean(state, spelling));
  const passage = (id, terms) => client.call("passage", [id, terms], signal);
  await improve(part("results"), found, passage);
}

// ----------------------------------------------------------------------------------------- States

async function show(state, found, signal) {
  const { total, results, completed } = found;
  showState({ status: papers(total) });
  if (completed) note("Showing results for ", node("strong", {}, completed));
  await fill(part("results"), site, found, signal);
  const more = part("more");
  more?.toggleAttribute("hidden", results.length === total || results.length >= MOST);
  const shown = more?.querySelector("span");
  if (shown) shown.textContent = `${figure(results.length)} of ${papers(total)}`;
}

function showStart(documents) {
  showState({ status: `${papers(documents)} in all`, help: true });
  const topics = Object.entries(site.topics);
  const links = topics.map(([topic, name]) => questionLink([], { topic }, name));
  part("topics")?.replaceChildren(...items(links));
  part("topics")?.parentElement.toggleAttribute("hidden", !links.length);
}

/** What to do when nothing was found: a spelling, fewer demands, a topic that is near. */
function showNothing(state, spelling) {
  const ways = [];
  const filtered = isFiltered(state);
  if (filtered) {
    const without = Object.fromEntries(FILTERS.map((name) => [name, ""]));
    ways.push(questionLink(state, without, "Search without the filters"));
  }
  if (state.has("all")) ways.push(questionLink(state, { all: "" }, "Search for any of the words"));
  const near = filtered ? [] : nearTopics(state.get("q") ?? "");
  ways.push(...near.map((slug) => topicLink(site, slug)));
  if (!ways.length) ways.push("Use fewer or more general words.");
  const [topics, archive] = [siteLink("topics/", "all topics"), siteLink("archive/", "archive")];
  showState({
    status: papers(0),
    empty: [
      node("h2", {}, "Nothing found"),
      spelling && node("p", {}, ...didYouMean(state, spelling)),
      node("ul", {}, ...items(ways)),
      node("p", { class: "hint" }, "Or look through ", topics, " or the ", archive, "."),
    ],
  });
}

function showFailure(error) {
  failed = true;
  const offline = navigator.onLine === false;
  if (!offline) console.error(error);
  const again = button(() => answer(), {}, "Try again");
  showState({
    status: offline ? "You are offline" : "No answer",
    empty: [
      node("h2", {}, offline ? "You are offline" : "The search does not answer"),
      node("p", {}, "The index of the papers could not be fetched. ", again),
    ],
  });
}

/** Shows one state of the page in place of another: results, nothing, failure or the beginning. */
function showState({ status, help = false, empty = [] }) {
  wait(false);
  say(status);
  note();
  part("help")?.toggleAttribute("hidden", !help);
  part("empty")?.replaceChildren(...empty.filter(Boolean));
  part("empty")?.toggleAttribute("hidden", !empty.length);
  if (!help && !empty.length) return;
  part("results").replaceChildren();
  part("more")?.setAttribute("hidden", "");
}

function wait(waiting) {
  clearTimeout(patience);
  part("found")?.setAttribute("aria-busy", String(waiting));
  if (waiting) say("Searching …");
}

function say(text) {
  const status = part("status");
  if (status && status.textContent !== text) status.textContent = text;
}

function note(...children) {
  const place = part("note");
  const before = place?.textContent;
  if (before || children.length) place?.replaceChildren(...children);
}

function nearTopics(query) {
  const wanted = new Set(normalize(query).split(" ").map(stem));
  const near = ([, name]) => normalize(name).split(" ").some((word) => wanted.has(stem(word)));
  return Object.entries(site.topics).filter(near).map(([slug]) => slug);
}

function didYouMean(state, spelling) {
  return ["Did you mean ", questionLink(state, { q: spelling }, spelling), "?"];
}

function items(contents) {
  return contents.map((content) => node("li", {}, content));
}

/** A link to the same question with some things changed; an empty one is taken out. */
function questionLink(state, changes, text) {
  const other = Object.entries({ ...Object.fromEntries(state), ...changes });
  return node("a", { href: `?${new URLSearchParams(other.filter(([, value]) => value))}` }, text);
}

function siteLink(path, text) {
  return node("a", { href: site.root + path }, text);
}

// ---------------------------------------------------------------------------------------- Filters

/** Counts of the filters, for the question that was answered; where nobody sees them, not yet. */
async function refreshFilters() {
  const filters = part("filters");
  if (!answered || !(filters?.open || isFiltered(answered))) return;
  const what = { ...options(answered), sort: undefined };
  const question = JSON.stringify([answered.get("q"), what]);
  if (question === offered) return;
  const { signal } = asked;
  try {
    offer(form, site, await client.call("facets", [answered.get("q") ?? "", what], signal));
    offered = question;
  } catch {
    // Without counts the filters offer what they did.
  }
}

/** Offers the organizations in whose names the typed text stands; one that was picked is taken. */
async function completeOrganization(inputType) {
  const control = field("org");
  const typedName = control.value;
  const picked = [...(control.list?.options ?? [])].some(({ value }) => value === typedName);
  if (picked && inputType !== "insertText" && !inputType?.startsWith("delete")) settle(true);
  else offerOrganizations(form, await organizations(typedName));
}

async function settleOrganization() {
  const control = field("org");
  const [fitting] = control.value.trim() ? await organizations(control.value) : [];
  if (fitting) [control.value] = fitting;
  settle(true);
}

function organizations(typedName) {
  return client.call("organizations", [typedName]).catch(() => []);
}
