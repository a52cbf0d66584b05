// Found papers as a list. What stays in the list from one answer to the next is not made anew, so
// that focus, selection and the passages already fetched stay with it.
import { node } from "./nodes.js";
import { highlight, normalize, stem } from "./search.js";

const AT_ONCE = 30; // papers put on the page in one go
const A_FEW = 5; // papers made in one go
const MANY = 12; // terms, by wildcards, of which nobody expects to see all

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** A paper of an answer. `site` is where the site lies and what its topics are: {root, topics}. */
export function paper(site, result, terms) {
  const { id, title, url, authors, date, organization, topics, hasCode, excerpt } = result;
  const known = topics.filter((slug) => Object.hasOwn(site.topics, slug));
  const link = node("a", { href: site.root + url }, ...marked(title, terms));
  return node(
    "li",
    { class: "paper", "data-id": id },
    node("h2", { class: "paper-title" }, link),
    node(
      "p",
      { class: "paper-meta" },
      organization && node("span", {}, ...marked(organization, terms)),
      authors && node("span", {}, ...marked(authors, terms)),
      date && node("time", { datetime: date }, shortDate(date)),
      hasCode && node("span", {}, "Code"),
    ),
    excerpt && node("div", { class: "paper-excerpt" }, node("p", {}, ...marked(excerpt, terms))),
    known.length && node("div", { class: "paper-aside" }, topicList(site, known)),
  );
}

/** A date as the templates write it. */
function shortDate(date) {
  const [year, month, day] = date.split("-").map(Number);
  return `${day} ${MONTHS[month - 1]} ${year}`;
}

function topicList(site, slugs) {
  const links = slugs.map((slug) => node("li", {}, topicLink(site, slug)));
  return node("ul", { "aria-label": "Topics" }, ...links);
}

export function topicLink({ root, topics }, slug) {
  return node("a", { href: `${root}topics/${slug}/` }, topics[slug]);
}

function marked(text, terms) {
  return highlight(text, terms).map(({ text: piece, match }) =>
    match ? node("mark", {}, piece) : piece,
  );
}

/** Shows an answer's papers in a list. The page may draw in between: it never stands still. */
export async function fill(list, site, { results, terms }, signal) {
  const asked = terms.join(" ");
  const same = list.dataset.terms === asked;
  const kept = new Map(same ? [...list.children].map((li) => [li.dataset.id, li]) : []);
  const one = (result) =>
    kept.get(result.id) ?? withRoom(paper(site, result, terms), result, terms);
  for (let from = 0; from < results.length; from += AT_ONCE) {
    const made = await inTurns(results.slice(from, from + AT_ONCE), one, signal);
    if (from) list.append(...made);
    else list.replaceChildren(...made);
    list.dataset.terms = asked;
  }
}

/** What `make` makes of each, a few at a time. */
async function inTurns(results, make, signal) {
  const made = [];
  for (const result of results) {
    if (made.length % A_FEW === A_FEW - 1) await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    made.push(make(result));
  }
  return made;
}

/** Leaves room for a passage where one may come, so that nothing moves when it does. */
function withRoom(element, { title, excerpt }, terms) {
  const enough = terms.length > MANY ? 1 : terms.length;
  const missing = held(`${title} ${excerpt}`, terms) < enough;
  if (missing) element.querySelector(".paper-excerpt")?.classList.add("awaits");
  return element;
}

/** Puts in place of an excerpt the passage of the abstract that holds more of what was asked. */
export async function improve(list, { terms }, passage) {
  const waiting = [...list.querySelectorAll(".awaits:not(.improved)")];
  await Promise.all(
    waiting.map(async (box) => {
      const text = await passage(box.closest("li").dataset.id, terms);
      box.classList.add("improved");
      if (held(text, terms) > held(box.textContent, terms)) {
        box.replaceChildren(node("p", {}, ...marked(text, terms)));
      }
    }),
  );
}

/** How many of the terms stand in a text. */
function held(text, terms) {
  const words = highlight(text, terms).filter(({ match }) => match);
  const stems = words.flatMap((word) => normalize(word.text).split(" ").map(stem));
  return new Set(stems.filter((one) => terms.includes(one))).size;
}
