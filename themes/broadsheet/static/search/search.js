// The reader of the search index: lunr's query language and lunr's ranking over shards that are
// fetched as a query needs them. It knows nothing of the page and runs in pages, Workers and Node:
//
//   const index = await openIndex("https://example.org/papers/", fetch);
//   const { total, results } = await index.search("+title:survey diffus*", { limit: 10 });
//
// generator/publish/search.py describes the index; tests/ hold this file to lunr.js 2.3.9.
import { Facets, needsFacets } from "./facets.js";
import { bestPassage } from "./passages.js";
import { Range, Shards, TermShard, ascii, endings, json, reversed, vocabulary } from "./shards.js";
import { CLAUSE, FIELDS, normalize, stem } from "./words.js";

export { highlight } from "./passages.js";
export { normalize, stem };

const FORMAT = 2;
const MAX_EDITS = 3;
const NAMED = 10; // results that are looked at for the words side by side
const SPELLINGS = 6; // words read backwards whose frequency is looked up for a spelling

// -------------------------------------------------------------------------------------- Queries

/** The clauses of a query as a person typed it: {presence, fields, word, term, boost, edits, wild}. */
function parse(query) {
  return normalize(query ?? "").split(" ").filter(Boolean).map(parseClause);
}

function parseClause(chunk) {
  const [, presence, field, word, suffixes] = CLAUSE.exec(chunk);
  const wild = word.includes("*");
  const clause = { presence, wild, boost: 1, word, term: wild ? word : stem(word) };
  clause.fields = field ? [FIELDS.indexOf(field)] : FIELDS.map((_, number) => number);
  for (const [, sign, figure] of suffixes.matchAll(/([~^])([0-9]+)/g)) {
    if (sign === "^") clause.boost = Number(figure);
    else clause.edits = Math.min(Number(figure), MAX_EDITS);
  }
  return clause;
}

/** Whether a clause asks for one word as it stands. */
function isPlain({ wild, edits }) {
  return !wild && edits === undefined;
}

/** Whether a word fits a pattern in which `*` stands for any letters, or none. */
function fitsWildcard(pattern, word) {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let i = 0; i < word.length; ) {
    if (pattern[at] === "*") {
      star = at++;
      resume = i;
    } else if (pattern[at] === word[i]) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

/**
 * Whether a pattern becomes the word, from its letter `at` on, by so many edits: an insertion, a
 * deletion, a substitution or a swap of neighbours, as lunr counts them. A `*` is any one letter.
 */
function fitsFuzzy(pattern, edits, word, at = 0) {
  const left = pattern.length;
  if (Math.abs(left - (word.length - at)) > edits) return false;
  if (at === word.length) return true;
  const rest = pattern.slice(1);
  const same = (letter) => letter === word[at] || letter === "*";
  if (left && same(pattern[0]) && fitsFuzzy(rest, edits, word, at + 1)) return true;
  if (!edits) return false;
  return (
    fitsFuzzy(pattern, edits - 1, word, at + 1) ||
    (left > 0 && fitsFuzzy(rest, edits - 1, word, at + 1)) ||
    (left > 1 && fitsFuzzy(rest, edits - 1, word, at)) ||
    (left > 1 && same(pattern[1]) &&
      fitsFuzzy(pattern[0] + pattern.slice(2), edits - 1, word, at + 1))
  );
}

// ---------------------------------------------------------------------------------------- Index

/**
 * Opens the index in the folder `search/` of the site at `baseUrl`. `fetch` answers with something
 * that has `ok`, `json()` and `arrayBuffer()`; its failures reach the caller, and a search after
 * one tries again.
 */
export async function openIndex(baseUrl, fetch = globalThis.fetch) {
  const root = `${`${baseUrl}`.replace(/\/+$/, "")}/`;
  const load = async (path, settings) => {
    const response = await fetch(root + path, settings);
    if (response.ok === false) throw new Refused(`${root}${path}`, response.status);
    return response;
  };
  return new Index(await openEdition(load, "default"), load);
}

/** A file was asked for and not given. */
class Refused extends Error {
  constructor(url, status) {
    super(`${url}: HTTP ${status}`);
    this.missing = status === 404 || status === 410;
  }
}

/** What people search: the site's index as it was published last. */
class Index {
  #edition;
  #load;

  constructor(edition, load) {
    this.#edition = edition;
    this.#load = load;
  }

  /** Titles of the topics by slug. */
  get topics() {
    return this.#edition.topics;
  }

  /** The number of papers that can be found. */
  get documents() {
    return this.#edition.documents;
  }

  /**
   * Papers for a query, best first: {total, results: [{id, score, title, url, authors, date,
   * organization, topics, hasCode, excerpt}], terms}; `terms` are the stems found, for
   * `highlight` and `passage`. An empty query and one of prohibitions only find all that is not
   * prohibited, as in lunr. Options:
   *
   * - `topic`: a slug, or several that must all be there; `year`: four digits; `organization`: a
   *   name in any case; `hasCode`: true for papers with code only
   * - `sort`: "relevance" or "date"; `limit`: the number of results, all without it
   * - `all`: true makes musts of the words that have no sign, stop words excepted
   * - `allFirst`: true puts papers in which every word that is asked for was found, stop words
   *   excepted, before the others, and those first that have them in one field; within all of them
   *   the order stays lunr's, but of the first ten those lead whose title or authors say the words
   *   side by side
   * - `typing`: true if the last word may be half typed: where the index does not hold it, the most
   *   frequent word that begins with it counts, and the answer names that word as `completed`
   * - `facets`: true to count, for each filter, what its values would give beside the other
   *   filters: {topic, year, organization: {value: papers}, code: papers}
   * - `signal`: an AbortSignal that ends the search with its reason
   */
  search(query, options = {}) {
    return this.#ask((edition) => edition.search(query, options));
  }

  /**
   * The query with each word that the index does not hold replaced by the nearest word that it
   * does, the more frequent of two; "" where there is nothing to replace.
   */
  suggest(query, { signal } = {}) {
    return this.#ask((edition) => edition.suggest(query, signal));
  }

  /**
   * The passage of a paper's abstract that holds most of these stems, about three lines, with "…"
   * where it is cut off; "" where the site has no abstract of the paper.
   */
  passage(id, terms, { signal } = {}) {
    return this.#edition.passage(id, terms, signal);
  }

  /**
   * What an edition answers. A shard that is gone means that the site was published anew since the
   * manifest was fetched, or put into the browser's cache: then the new edition is asked.
   */
  async #ask(question) {
    const asked = this.#edition;
    try {
      return await question(asked);
    } catch (error) {
      if (!error.missing) throw error;
      const newest = await openEdition(this.#load, "reload");
      if (newest.isLike(asked)) throw error;
      this.#edition = newest;
      return question(newest);
    }
  }
}

/** The index as its manifest is now; `cache` as for `fetch`. */
async function openEdition(load, cache) {
  const manifest = await (await load("search/manifest.json", { cache })).json();
  if (manifest.format !== FORMAT) throw new Error(`unknown index format '${manifest.format}'`);
  return new Edition(manifest, load);
}

/** The index as it was published once. */
class Edition {
  #manifest;
  #load;
  #shards;
  #terms;
  #words;
  #endings;
  #common;
  #stops;
  #facets = null;

  constructor(manifest, load) {
    this.#manifest = manifest;
    this.#load = load;
    this.#shards = new Shards(async (path, signal) =>
      (await this.#load(`search/${path}`, { signal })).arrayBuffer(),
    );
    this.#terms = new Range("terms", manifest.terms);
    this.#words = new Range("words", manifest.words);
    this.#endings = new Range("endings", manifest.endings);
    this.#common = new Map(
      manifest.common.map((name) => [name.slice(0, name.lastIndexOf("-")), `common/${name}.bin`]),
    );
    this.#stops = new Set(manifest.stops.split(" "));
  }

  get topics() {
    return this.#manifest.topics;
  }

  get documents() {
    return this.#manifest.documents;
  }

  isLike(other) {
    return JSON.stringify(this.#manifest) === JSON.stringify(other.#manifest);
  }

  async search(query, options) {
    const { signal } = options;
    const clauses = parse(query).filter((clause) => !this.#isLeftOut(clause, options));
    if (options.all) for (const clause of clauses) clause.presence ||= "+";
    const expanded = await Promise.all(clauses.map((clause) => this.#expand(clause, signal)));
    const completed = options.typing && (await this.#complete(query, clauses, expanded, signal));
    const postings = await this.#postings(new Set(expanded.flat()), signal);
    const facets = needsFacets(options) ? await this.#loadFacets(signal) : null;
    signal?.throwIfAborted();
    const found = this.#rank(clauses, expanded, postings, Boolean(options.allFirst));
    const kept = facets ? facets.filter(found.numbers, options) : { numbers: found.numbers };
    const before = order(found, options.sort === "date" ? facets.dates : null);
    const shown = first(kept.numbers, options.limit ?? Infinity, before);
    const results = await Promise.all(
      shown.map((number) => this.#result(number, found.scores[number], signal)),
    );
    const positive = expanded.filter((_, i) => clauses[i].presence !== "-");
    return {
      total: kept.numbers.length,
      results: found.whole && options.sort !== "date" ? saidFirst(results, clauses) : results,
      terms: [...new Set(positive.flat())],
      ...(kept.counts && { facets: kept.counts }),
      ...(completed && { completed }),
    };
  }

  async suggest(query, signal) {
    const chunks = normalize(query ?? "").split(" ").filter(Boolean);
    const replaced = await Promise.all(
      chunks.map(async (chunk) => {
        const clause = parseClause(chunk);
        const word = await this.#spelling(clause, signal);
        const at = chunk.lastIndexOf(clause.word);
        return word ? chunk.slice(0, at) + word + chunk.slice(at + clause.word.length) : chunk;
      }),
    );
    return replaced.some((chunk, i) => chunk !== chunks[i]) ? replaced.join(" ") : "";
  }

  async passage(id, terms, signal) {
    const { abstracts } = this.#manifest;
    if (!abstracts) return ""; // the site is so large that it does without them
    const path = `${abstracts}${encodeURIComponent(id)}.json`;
    const response = await this.#load(path, { signal }).catch((error) => {
      if (!error.missing) throw error;
    });
    const summary = (await response?.json())?.paper.summary;
    return summary ? bestPassage(summary, terms) : "";
  }

  /** Stop words demand nothing where all words are demanded: no paper is indexed by them. */
  #isLeftOut(clause, { all }) {
    return Boolean(all) && !clause.presence && isPlain(clause) && this.#stops.has(clause.word);
  }

  /** The terms of the index that a clause means. */
  async #expand(clause, signal) {
    const { term, wild, edits } = clause;
    if (isPlain(clause)) {
      const postings = await this.#postings([term], signal);
      return postings.has(term) ? [term] : [];
    }
    if (edits !== undefined) {
      const words = wild || edits > 1 ? this.#beginning("", signal) : this.#near(term, signal);
      return (await words).filter((word) => fitsFuzzy(term, edits, word));
    }
    const words = /^[^*]+\*$/.test(term)
      ? await this.#termsFrom(term.slice(0, -1), signal)
      : await this.#fitting(term, signal);
    return words.filter((word) => fitsWildcard(term, word));
  }

  /** All terms of the shards in which terms with this beginning may stand. */
  async #termsFrom(start, signal) {
    const paths = this.#terms.beginning(start);
    const shards = await Promise.all(paths.map((path) => this.#termShard(path, signal)));
    return [...shards.flatMap(({ terms }) => terms), ...this.#common.keys()];
  }

  /** Terms among which are all that fit a pattern: the fewest that the vocabulary offers. */
  #fitting(pattern, signal) {
    const start = pattern.slice(0, pattern.indexOf("*"));
    const end = reversed(pattern.slice(pattern.lastIndexOf("*") + 1));
    const shorter = this.#endings.beginning(end).length < this.#words.beginning(start).length;
    return shorter ? this.#ending(end, signal) : this.#beginning(start, signal);
  }

  /**
   * Terms among which are all that one edit makes of a term. An edit leaves its first or its
   * second half as it is, or it swaps the two letters where the halves meet.
   */
  async #near(term, signal) {
    const half = term.length >> 1;
    const swapped = term.slice(0, half - 1) + term[half] + term[half - 1] + term.slice(half + 1);
    const words = await Promise.all([
      this.#beginning(term.slice(0, half), signal),
      this.#ending(reversed(term.slice(half)), signal),
      half ? this.#beginning(swapped, signal) : [],
    ]);
    return [...new Set(words.flat())];
  }

  /** All terms of the shards of words with this beginning. */
  async #beginning(start, signal) {
    return (await this.#vocabulary(start, signal)).map(({ term }) => term);
  }

  async #vocabulary(start, signal) {
    const paths = this.#words.beginning(start);
    const get = (path) => this.#shards.get(path, vocabulary, signal);
    return (await Promise.all(paths.map(get))).flat();
  }

  /** All terms of the shards of words with this ending, which is given backwards. */
  async #ending(end, signal) {
    const paths = this.#endings.beginning(end);
    const get = (path) => this.#shards.get(path, endings, signal);
    return (await Promise.all(paths.map(get))).flat();
  }

  /** The postings of terms: a Map without those that the index does not have. */
  async #postings(terms, signal) {
    const found = new Map();
    const fetched = [...terms].map(async (term) => {
      const path = this.#common.get(term) ?? this.#terms.holding(term);
      const postings = path && (await this.#termShard(path, signal)).postings(term);
      if (postings) found.set(term, postings);
    });
    await Promise.all(fetched);
    return found;
  }

  #termShard(path, signal) {
    return this.#shards.get(path, (bytes) => new TermShard(bytes), signal);
  }

  /** Lets the last word, if the index does not hold it, mean its most frequent completion. */
  async #complete(query, clauses, expanded, signal) {
    const clause = clauses.at(-1);
    const fits = clause && isPlain(clause) && !expanded.at(-1).length && /\w$/.test(query);
    if (!fits || clause.word.length < 2) return "";
    const start = clause.word.slice(0, Math.max(2, Math.ceil(clause.word.length * 0.6)));
    const words = await this.#vocabulary(start, signal);
    const begun = words.filter(({ word }) => word.startsWith(clause.word));
    const [best] = begun.sort((a, b) => b.spread - a.spread || byWord(a, b));
    if (!best) return "";
    expanded[expanded.length - 1] = [best.term];
    return best.word;
  }

  /** The word a person may have meant by one that the index does not hold. */
  async #spelling(clause, signal) {
    const { word, term } = clause;
    if (!isPlain(clause) || this.#stops.has(word) || !/^[a-z]{3,}$/.test(word)) return "";
    if ((await this.#postings([term], signal)).has(term)) return "";
    const most = word.length < 6 ? 1 : 2;
    const half = word.length >> 1;
    const [begun, ended] = await Promise.all([
      this.#vocabulary(word.slice(0, half), signal),
      this.#ending(reversed(term.slice(term.length >> 1)), signal),
    ]);
    const near = ended.filter((other) => editsBetween(term, other, most) <= most);
    const starts = near.slice(0, SPELLINGS).map((other) => this.#vocabulary(other, signal));
    const known = [...begun, ...(await Promise.all(starts)).flat()].filter((w) => w.spread > 1);
    const edits = (w) =>
      Math.min(editsBetween(word, w.word, most), editsBetween(term, w.term, most));
    const measured = known.map((w) => ({ ...w, edits: edits(w) }));
    const [best] = measured
      .filter(({ edits }) => edits <= most)
      .sort((a, b) => a.edits - b.edits || b.spread - a.spread || byWord(a, b));
    return best?.word ?? "";
  }

  /**
   * lunr's ranking. A document's score is, summed over the fields, the dot product of the field's
   * weights with the query's, divided by the length of the query's vector in that field; only
   * documents that a clause names are scored. Gives {numbers: documents, scores: of all, whole: of
   * all, whether every clause named them, if that is wanted}.
   */
  #rank(clauses, expanded, postings, allFirst) {
    const { documents } = this.#manifest;
    const scores = new Float64Array(documents);
    const marks = new Marks(documents, clauses.every(({ presence }) => presence === "-"));
    const whole = allFirst && this.#whole(clauses, expanded, postings);
    const vectors = FIELDS.map(() => new Map());
    clauses.forEach((clause, i) => {
      marks.beginClause(clause.presence);
      for (const term of expanded[i]) {
        for (const posting of postings.get(term)) {
          if (!clause.fields.includes(posting.field)) continue;
          marks.add(posting.documents);
        }
        if (clause.presence === "-") continue;
        for (const field of clause.fields) {
          vectors[field].set(term, (vectors[field].get(term) ?? 0) + clause.boost);
        }
      }
    });
    vectors.forEach((vector, field) => this.#score(scores, field, vector, postings));
    return { numbers: marks.found(), scores, whole };
  }

  /** Of each document, 2 if every word that is asked for was found in one field, 1 if in any. */
  #whole(clauses, expanded, postings) {
    const met = this.#met(clauses, expanded, postings, () => true);
    FIELDS.forEach((_, field) => {
      const inField = this.#met(clauses, expanded, postings, (other) => other === field);
      inField.forEach((all, number) => all && (met[number] = 2));
    });
    return met;
  }

  /** Of each document, 1 if every word that is asked for was found in these fields. */
  #met(clauses, expanded, postings, within) {
    const marks = new Marks(this.#manifest.documents, false);
    clauses.forEach((clause, i) => {
      if (clause.presence === "-" || (isPlain(clause) && this.#stops.has(clause.word))) return;
      marks.beginClause("+");
      for (const { field, documents } of expanded[i].flatMap((term) => postings.get(term))) {
        if (clause.fields.includes(field) && within(field)) marks.add(documents);
      }
    });
    return marks.met();
  }

  /** Adds to the scores of documents what a field gives. */
  #score(scores, field, vector, postings) {
    const { k1, b, documents: all, fields } = this.#manifest;
    const { boost, length } = fields[field];
    const average = length / all;
    const norm = lengthOf(vector);
    if (!norm) return;
    for (const [term, wanted] of vector) {
      const idf = inverseFrequency(postings.get(term), all);
      const posting = postings.get(term).find((one) => one.field === field);
      if (!posting) continue;
      const { documents, extra, lengths } = posting;
      for (let i = 0; i < documents.length; i++) {
        const tf = extra[i] + 1;
        const weight = (idf * ((k1 + 1) * tf)) / (k1 * (1 - b + b * (lengths[i] / average)) + tf);
        scores[documents[i]] += ((Math.round(weight * boost * 1000) / 1000) * wanted) / norm;
      }
    }
  }

  /** What the filters need to know of all documents; fetched once. */
  #loadFacets(signal) {
    const { documents, stretches, facets } = this.#manifest;
    const paths = facets.map((name) => `facets/${name}.bin`);
    const shards = Promise.all(paths.map((path) => this.#shards.get(path, json, signal)));
    return shards.then((all) => (this.#facets ??= new Facets(all, documents, stretches.size)));
  }

  /** One result as the caller sees it. */
  async #result(number, score, signal) {
    const { size, shard, files } = this.#manifest.stretches;
    const stretch = Math.floor(number / size);
    const names = await this.#shards.get(`stretches/${files[stretch]}.bin`, ascii, signal);
    const place = Math.floor(number / shard);
    const at = 7 * (place - (stretch * size) / shard);
    const path = `records/${place}-${names.slice(at, at + 7)}.bin`;
    const record = (await this.#shards.get(path, json, signal))[number % shard];
    const [id, title, authors, date, organization, topics, code, excerpt] = record;
    const hasCode = code === 1;
    const url = `papers/${id}/`;
    return { id, score, title, url, authors, date, organization, topics, hasCode, excerpt };
  }
}

/** Which documents the clauses of a query name, demand and forbid. */
class Marks {
  #named;
  #forbidden;
  #met;
  #seen;
  #clause = 0;
  #presence = "";
  #demands = 0;

  constructor(documents, all) {
    this.#named = new Uint8Array(documents).fill(all ? 1 : 0);
    this.#forbidden = new Uint8Array(documents);
    this.#met = new Uint16Array(documents);
    this.#seen = new Uint16Array(documents); // the last demand that a document met
  }

  beginClause(presence) {
    this.#presence = presence;
    this.#clause++;
    if (presence === "+") this.#demands++;
  }

  add(documents) {
    if (this.#presence === "-") for (const number of documents) this.#forbidden[number] = 1;
    else for (const number of documents) this.#named[number] = 1;
    if (this.#presence === "+") this.#meet(documents);
  }

  #meet(documents) {
    for (const number of documents) {
      if (this.#seen[number] === this.#clause) continue;
      this.#seen[number] = this.#clause;
      this.#met[number]++;
    }
  }

  /** Of each document, 1 if it met every demand. */
  met() {
    return Uint8Array.from(this.#met, (met) => (met === this.#demands ? 1 : 0));
  }

  found() {
    const numbers = [];
    for (let number = 0; number < this.#named.length; number++) {
      if (!this.#named[number] || this.#forbidden[number]) continue;
      if (this.#met[number] === this.#demands) numbers.push(number);
    }
    return numbers;
  }
}

function lengthOf(vector) {
  let sum = 0;
  for (const value of vector.values()) sum += value * value;
  return Math.sqrt(sum);
}

/** lunr's idf. It counts a document once for every field that holds the term. */
function inverseFrequency(postings, documents) {
  const holding = postings.reduce((sum, posting) => sum + posting.documents.length, 0);
  return Math.log(1 + Math.abs((documents - holding + 0.5) / (holding + 0.5)));
}

/**
 * Order of documents: by date, if dates are given; else those with all the words first, if it is
 * known which; then by score; the newest first in a tie.
 */
function order({ scores, whole }, dates) {
  const by = dates || whole;
  return (a, b) => (by ? by[b] - by[a] : 0) || scores[b] - scores[a] || b - a;
}

/** The first so many documents in an order, without ordering the others. */
function first(numbers, limit, before) {
  if (limit * 8 >= numbers.length) return numbers.sort(before).slice(0, limit);
  const chosen = [];
  for (const number of numbers) {
    if (chosen.length === limit && (!limit || before(number, chosen.at(-1)) > 0)) continue;
    let place = chosen.length;
    while (place > 0 && before(number, chosen[place - 1]) < 0) place--;
    chosen.splice(place, 0, number);
    if (chosen.length > limit) chosen.pop();
  }
  return chosen;
}

/** Results with those of the first ten in front that say the words side by side, as a name. */
function saidFirst(results, clauses) {
  const asked = ` ${clauses.map(({ term }) => term).join(" ")} `;
  if (clauses.length < 2 || !clauses.every(isPlain)) return results;
  const says = ({ title, authors }) => [title, authors].some((text) => stems(text).includes(asked));
  const [head, rest] = [results.slice(0, NAMED), results.slice(NAMED)];
  return [...head.filter(says), ...head.filter((one) => !says(one)), ...rest];
}

function stems(text) {
  return ` ${normalize(text).split(" ").map(stem).join(" ")} `;
}

/** How many edits, a swap of neighbours being one, make one word of another; more than `most` is
 * any larger number (Damerau 1964, as optimal string alignment). */
function editsBetween(one, other, most) {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let above = [];
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (swapped) next[j] = Math.min(next[j], above[j - 2] + 1);
    }
    [above, row] = [row, next];
  }
  return row[other.length];
}

function byWord(a, b) {
  return a.word < b.word ? -1 : a.word > b.word ? 1 : 0;
}
