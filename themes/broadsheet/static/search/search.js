// The reader of the search index: lunr's query language and lunr's ranking over shards that are
// fetched as a query needs them. It knows nothing of the page and runs in pages, Workers and Node:
//
//   const index = await openIndex("https://example.org/papers/", fetch);
//   const { total, results } = await index.search("+title:survey diffus*", { limit: 10 });
//
// generator/publish/search.py describes the shards, generator/text/words.py is
// `normalize` and `stem` in Python; tests/ hold both to this file, and this file to lunr.js 2.3.9.

const FORMAT = 1;
const FIELDS = ["title", "authors", "organization", "keywords", "topics", "venue", "abstract"];
const MAX_EDITS = 3;

// ---------------------------------------------------------------------------------------- Words

const EDGE = "\x01"; // stands where a word may have to be parted; never leaves `normalize`

const GREEK = pairs(
  "αβγδεζηθικλμ",
  "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu",
  "νξοπρσςτυφχψω",
  "nu xi omicron pi rho sigma sigma tau upsilon phi chi psi omega",
);
const LATIN = pairs("ßẞæœøđðþłıħŋŧȷɛəɔɑ", "ss ss ae oe o d d th l i h n t j e e o a");
const CONSONANTS = "bcdfghjkmnpqrtvw"; // hexadecimal digits of which no word is made
const APOSTROPHES = new Set("‘’‛ʹʻʼʽ′");

// What becomes of the characters from .. to: the first range that holds one decides.
const RANGES = [
  // Nothing: soft hyphen, vowel points, joiners, marks of direction, variation selectors.
  ["", 0xad, 0xad],
  ["", 0x591, 0x5bd],
  ["", 0x610, 0x61a],
  ["", 0x64b, 0x65f],
  ["", 0x200b, 0x200f],
  ["", 0x202a, 0x202e],
  ["", 0x2060, 0x206f],
  ["", 0xfe00, 0xfe0f],
  ["", 0xfeff, 0xfeff],
  // Punctuation and symbols: a space.
  [" ", 0x80, 0xbf],
  [" ", 0xd7, 0xd7],
  [" ", 0xf7, 0xf7],
  [" ", 0x2c2, 0x2df],
  [" ", 0x37e, 0x37e],
  [" ", 0x55a, 0x55f],
  [" ", 0x589, 0x58a],
  [" ", 0x5be, 0x5be],
  [" ", 0x5f3, 0x5f4],
  [" ", 0x60c, 0x60d],
  [" ", 0x61b, 0x61f],
  [" ", 0x66a, 0x66d],
  [" ", 0x6d4, 0x6d4],
  [" ", 0x964, 0x965],
  [" ", 0x1680, 0x1680],
  [" ", 0x2000, 0x2bff],
  [" ", 0x2e00, 0x2e7f],
  [" ", 0x3000, 0x3004],
  [" ", 0x3008, 0x3030],
  [" ", 0x303d, 0x303f],
  [" ", 0x30a0, 0x30a0],
  [" ", 0x30fb, 0x30fb],
  [" ", 0xd800, 0xf8ff],
  [" ", 0xfe10, 0xfe6f],
  [" ", 0xffe0, 0xffff],
  [" ", 0x1d000, 0x1d3ff],
  [" ", 0x1f000, 0x1faff],
  [" ", 0xe0000, 0x10ffff],
  // Scripts that set no space between words: every character is a word.
  [EDGE, 0xe00, 0xeff],
  [EDGE, 0x1000, 0x109f],
  [EDGE, 0x1780, 0x17ff],
  [EDGE, 0x3005, 0xa4cf],
  [EDGE, 0xac00, 0xd7ff],
  [EDGE, 0xf900, 0xfaff],
  [EDGE, 0x20000, 0x3ffff],
];

const CLAUSE = new RegExp(
  `^([+-]?)(?:(${FIELDS.join("|")}):)?([a-z0-9.*]+)((?:[~^][0-9]+)*)$`,
);

/**
 * The words of a text as lunr can index and find them, for documents and queries alike: ASCII
 * letters and digits, one space between words, accents folded, other scripts in codes that no
 * stemming touches. Operators of lunr's query language stay where they are in their place and are
 * spaces elsewhere, so that lunr can parse every normalised text. Twice is the same as once.
 */
export function normalize(text) {
  return fold(String(text))
    .replace(/(?<=\S)-/g, " ")
    .split(" ")
    .filter(Boolean)
    .flatMap((chunk) => (CLAUSE.test(chunk) ? chunk : wordsOf(chunk)))
    .join(" ");
}

function fold(text) {
  const folded = text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]+/g, "")
    .normalize("NFC")
    .toLowerCase()
    .replace(/[\x00-\x20\x7f]+/g, " ")
    .replace(/[^\x00-\x7f]/gu, foldCharacter)
    .replace(/(?<![a-z0-9])([a-z])(\+\+|#)/g, nameLanguage)
    .replace(/(?<=[a-z0-9])'+(?=[a-z])/g, "")
    .replace(/\.(?![0-9])|(?<![0-9])\./g, " ")
    .replace(/[^a-z0-9.+\-:*~^\x01]+/g, " ");
  return folded
    .replace(/\x01+/g, EDGE)
    .replace(/(?<![a-z0-9])\x01|\x01(?![a-z0-9])/g, "")
    .replaceAll(EDGE, " ");
}

function nameLanguage(_, letter, sign) {
  return letter + (sign === "#" ? "sharp" : "plusplus") + EDGE;
}

function foldCharacter(character) {
  if (GREEK.has(character)) return EDGE + GREEK.get(character) + EDGE;
  if (LATIN.has(character)) return LATIN.get(character);
  if (APOSTROPHES.has(character)) return "'";
  const point = character.codePointAt(0);
  const range = RANGES.find(([, first, last]) => first <= point && point <= last);
  if (range && range[0] !== EDGE) return range[0];
  const edge = range ? EDGE : "";
  return edge + "x" + point.toString(16).replace(/./g, (d) => CONSONANTS[parseInt(d, 16)]) + edge;
}

function wordsOf(chunk) {
  return chunk.split(/[+\-:~^]+/).filter((word) => /[^*]/.test(word));
}

function pairs(...lines) {
  const map = new Map();
  for (let i = 0; i < lines.length; i += 2) {
    const names = lines[i + 1].split(" ");
    [...lines[i]].forEach((letter, at) => map.set(letter, names[at]));
  }
  return map;
}

// Porter's algorithm (Program 14(3), 1980) as lunr.js 2.3.9 reads it.
const C = "[^aeiou][^aeiouy]*";
const V = "[aeiouy][aeiou]*";
const M_OVER_0 = new RegExp(`^(?:${C})?${V}${C}`);
const M_OVER_1 = new RegExp(`^(?:${C})?${V}${C}${V}${C}`);
const M_IS_1 = new RegExp(`^(?:${C})?${V}${C}(?:${V})?$`);
const VOWEL = new RegExp(`^(?:${C})?[aeiouy]`);
const SHORT = new RegExp(`^${C}[aeiouy][^aeiouwxy]$`);
const LONG = {
  ational: "ate", tional: "tion", enci: "ence", anci: "ance", izer: "ize", bli: "ble",
  alli: "al", entli: "ent", eli: "e", ousli: "ous", ization: "ize", ation: "ate", ator: "ate",
  alism: "al", iveness: "ive", fulness: "ful", ousness: "ous", aliti: "al", iviti: "ive",
  biliti: "ble", logi: "log",
};
const MIDDLE = {
  icate: "ic", ative: "", alize: "al", iciti: "ic", ical: "ic", ful: "", ness: "",
};
const LONG_ENDING = new RegExp(`^(.+?)(${Object.keys(LONG).join("|")})$`);
const MIDDLE_ENDING = new RegExp(`^(.+?)(${Object.keys(MIDDLE).join("|")})$`);
const LAST_ENDING =
  /^(.+?)(?:al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ou|ism|ate|iti|ous|ive|ize)$/;

/** The stem of a lower-case ASCII word, exactly as lunr.js 2.3.9 stems it. */
export function stem(word) {
  if (word.length < 3) return word;
  if (word[0] !== "y") return stemSteps(word);
  return "y" + stemSteps("Y" + word.slice(1)).slice(1); // a first y is a consonant
}

function stemSteps(word) {
  let stemmed = withoutPast(withoutPlural(word)).replace(/^(.+?[^aeiou])y$/, "$1i");
  stemmed = withShorterEnding(stemmed, LONG_ENDING, LONG);
  stemmed = withShorterEnding(stemmed, MIDDLE_ENDING, MIDDLE);
  return withoutFinalLetter(withoutLastEnding(stemmed));
}

function withoutPlural(word) {
  const match = /^(.+?)(?:(ss|i)es|([^s])s)$/.exec(word);
  return match ? match[1] + (match[2] ?? match[3]) : word;
}

function withoutPast(word) {
  if (/^.+eed$/.test(word)) return M_OVER_0.test(word.slice(0, -3)) ? word.slice(0, -1) : word;
  const base = /^(.+?)(?:ed|ing)$/.exec(word)?.[1];
  if (base === undefined || !VOWEL.test(base)) return word;
  if (/(?:at|bl|iz)$/.test(base)) return base + "e";
  if (/([^aeiouylsz])\1$/.test(base)) return base.slice(0, -1);
  return SHORT.test(base) ? base + "e" : base;
}

function withShorterEnding(word, ending, shorter) {
  const match = ending.exec(word);
  return match && M_OVER_0.test(match[1]) ? match[1] + shorter[match[2]] : word;
}

function withoutLastEnding(word) {
  const match = LAST_ENDING.exec(word) ?? /^(.+?[st])ion$/.exec(word);
  return match && M_OVER_1.test(match[1]) ? match[1] : word;
}

function withoutFinalLetter(word) {
  const base = /^(.+)e$/.exec(word)?.[1];
  const shorten = base && (M_OVER_1.test(base) || (M_IS_1.test(base) && !SHORT.test(base)));
  const rest = shorten ? base : word;
  return rest.endsWith("ll") && M_OVER_1.test(rest) ? rest.slice(0, -1) : rest;
}

// -------------------------------------------------------------------------------------- Queries

/** The clauses of a normalised query: {presence, fields, term, boost, edits, wild}. */
function parse(query) {
  return query.split(" ").filter(Boolean).map(parseClause);
}

function parseClause(chunk) {
  const [, presence, field, word, suffixes] = CLAUSE.exec(chunk);
  const wild = word.includes("*");
  const clause = { presence, wild, boost: 1, term: wild ? word : stem(word) };
  clause.fields = field ? [FIELDS.indexOf(field)] : FIELDS.map((_, number) => number);
  for (const [, sign, figure] of suffixes.matchAll(/([~^])([0-9]+)/g)) {
    if (sign === "^") clause.boost = Number(figure);
    else clause.edits = Math.min(Number(figure), MAX_EDITS);
  }
  return clause;
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
 * that has `ok` and `json()`; its failures reach the caller, and a search after one tries again.
 */
export async function openIndex(baseUrl, fetch = globalThis.fetch) {
  const folder = `${`${baseUrl}`.replace(/\/+$/, "")}/search/`;
  const load = async (name) => {
    const response = await fetch(`${folder}${name}.json`);
    if (response.ok === false) throw new Error(`${folder}${name}.json: HTTP ${response.status}`);
    return response.json();
  };
  const manifest = await load("manifest");
  if (manifest.format !== FORMAT) throw new Error(`unknown index format '${manifest.format}'`);
  return new Index(manifest, load);
}

class Index {
  #manifest;
  #load;
  #shards = new Map();

  constructor(manifest, load) {
    this.#manifest = manifest;
    this.#load = load;
  }

  /** Titles of the topics by slug. */
  get topics() {
    return this.#manifest.topics;
  }

  /** The number of papers that can be found. */
  get documents() {
    return this.#manifest.documents;
  }

  /**
   * Papers for a query, best first: {total, results: [{id, score, title, url, authors, date,
   * organization, topics, hasCode, excerpt}], terms}; `terms` are the stems found, for
   * `highlight`. `topic` is a slug or several that must all be there, `year` four digits,
   * `organization` a name in any case, `hasCode` true for papers with code only, `sort`
   * "relevance" or "date", `limit` the number of results, all without it. With `facets: true` the
   * answer also counts, for each filter, what its values would give beside the other filters.
   * An empty query and one of prohibitions only find all that is not prohibited, as in lunr.
   */
  async search(query, options = {}) {
    const clauses = parse(normalize(query ?? ""));
    const expanded = await Promise.all(clauses.map((clause) => this.#expand(clause)));
    const postings = await this.#postings(new Set(expanded.flat()));
    const found = this.#rank(clauses, expanded, postings);
    const { numbers, facets } = await this.#filter(found.numbers, options);
    const newest = options.sort === "date" ? (await this.#attributes()).date : null;
    numbers.sort(order(found.scores, newest));
    const shown = numbers.slice(0, options.limit ?? numbers.length);
    const results = await Promise.all(shown.map((n) => this.#result(n, found.scores[n])));
    const positive = expanded.filter((_, i) => clauses[i].presence !== "-");
    const answer = { total: numbers.length, results, terms: [...new Set(positive.flat())] };
    return facets ? { ...answer, facets } : answer;
  }

  /** A shard, fetched once; a failure is not kept. */
  #shard(name) {
    if (!this.#shards.has(name)) {
      const promise = this.#load(name);
      this.#shards.set(name, promise);
      promise.catch(() => this.#shards.delete(name));
    }
    return this.#shards.get(name);
  }

  /** The place of the shard of terms in which a term stands if it is there; -1 before all. */
  #place(term) {
    const { terms } = this.#manifest;
    let low = 0;
    let high = terms.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (terms[middle][0] <= term) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The terms of the index that a clause means. */
  async #expand({ term, wild, edits }) {
    if (edits !== undefined) {
      const length = term.length;
      const words = await this.#words(length - edits, length + edits);
      return words.filter((word) => fitsFuzzy(term, edits, word));
    }
    if (!wild) {
      const postings = await this.#postings(new Set([term]));
      return postings.has(term) ? [term] : [];
    }
    const start = term.slice(0, term.indexOf("*"));
    const words = start
      ? await this.#termsFrom(start)
      : await this.#words(term.replaceAll("*", "").length, Infinity);
    return words.filter((word) => fitsWildcard(term, word));
  }

  /** All terms of the shards in which terms with this start may stand. */
  async #termsFrom(start) {
    const first = Math.max(0, this.#place(start));
    const names = this.#manifest.terms.slice(first, this.#place(`${start}\uffff`) + 1);
    const shards = await Promise.all(names.map(([, name]) => this.#shard(name)));
    return shards.flatMap((shard) => Object.keys(shard));
  }

  /** All terms that are so long. */
  async #words(shortest, longest) {
    const names = this.#manifest.words.filter(([a, b]) => a <= longest && shortest <= b);
    const shards = await Promise.all(names.map(([, , name]) => this.#shard(name)));
    const fitting = shards.flat().filter(([length]) => shortest <= length && length <= longest);
    return fitting.flatMap(([length, words]) => words.match(new RegExp(`.{${length}}`, "g")));
  }

  /** The postings of terms: a Map without those that the index does not have. */
  async #postings(terms) {
    const found = new Map();
    const fetched = [...terms].map(async (term) => {
      const name = this.#manifest.terms[this.#place(term)]?.[1];
      const shard = name ? await this.#shard(name) : {};
      if (Object.hasOwn(shard, term)) found.set(term, shard[term]);
    });
    await Promise.all(fetched);
    return found;
  }

  /**
   * lunr's ranking. A document's score is, summed over the fields, the dot product of the field's
   * weights with the query's, divided by the length of the query's vector in that field; only
   * documents that a clause names are scored. Gives {numbers: documents, scores: of all}.
   */
  #rank(clauses, expanded, postings) {
    const { documents } = this.#manifest;
    const scores = new Float64Array(documents);
    const marks = new Marks(documents, clauses.every(({ presence }) => presence === "-"));
    const vectors = FIELDS.map(() => new Map());
    clauses.forEach((clause, i) => {
      for (const term of expanded[i]) {
        for (const field of clause.fields) {
          marks.add(clause.presence, postingOf(postings.get(term), field));
          if (clause.presence === "-") continue;
          vectors[field].set(term, (vectors[field].get(term) ?? 0) + clause.boost);
        }
      }
      marks.endClause(clause.presence);
    });
    vectors.forEach((vector, field) => this.#score(scores, field, vector, postings));
    return { numbers: marks.found(), scores };
  }

  /** Adds to the scores of documents what a field gives. */
  #score(scores, field, vector, postings) {
    const { k1, b, documents, fields } = this.#manifest;
    const { boost, length } = fields[field];
    const average = length / documents;
    const norm = lengthOf(vector);
    if (!norm) return;
    for (const [term, wanted] of vector) {
      const idf = inverseFrequency(postings.get(term), documents);
      eachDocument(postingOf(postings.get(term), field), (number, tf, size) => {
        const weight = (idf * ((k1 + 1) * tf)) / (k1 * (1 - b + b * (size / average)) + tf);
        scores[number] += ((Math.round(weight * boost * 1000) / 1000) * wanted) / norm;
      });
    }
  }

  /** The documents that pass the filters, and the counts of the facets if they are wanted. */
  async #filter(numbers, options) {
    const filters = [filterTopic, filterYear, filterOrganization, filterCode];
    const wanted = [options.topic, options.year, options.organization, options.hasCode];
    if (!options.facets && !wanted.some(Boolean)) return { numbers };
    const attributes = await this.#attributes();
    const passes = filters.map((filter, i) => wanted[i] && filter(attributes, wanted[i]));
    const facets = options.facets ? new Facets(attributes) : null;
    const kept = numbers.filter((number) => {
      const failed = passes.map((pass) => Boolean(pass && !pass(number)));
      facets?.count(number, failed);
      return !failed.includes(true);
    });
    return { numbers: kept, facets: facets?.counts };
  }

  #attributes() {
    return this.#shard(this.#manifest.attributes);
  }

  /** One result as the caller sees it. */
  async #result(number, score) {
    const { size, files } = this.#manifest.records;
    const shard = await this.#shard(files[Math.floor(number / size)]);
    const [id, title, authors, date, organization, topics, code, excerpt] = shard[number % size];
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
  #demands = 0;
  #inClause = new Set();

  constructor(documents, all) {
    this.#named = new Uint8Array(documents).fill(all ? 1 : 0);
    this.#forbidden = new Uint8Array(documents);
    this.#met = new Uint32Array(documents);
  }

  add(presence, posting) {
    eachDocument(posting, (number) => {
      if (presence === "-") this.#forbidden[number] = 1;
      else this.#named[number] = 1;
      if (presence === "+") this.#inClause.add(number);
    });
  }

  endClause(presence) {
    if (presence !== "+") return;
    for (const number of this.#inClause) this.#met[number]++;
    this.#inClause.clear();
    this.#demands++;
  }

  found() {
    const numbers = [];
    this.#named.forEach((named, number) => {
      if (named && !this.#forbidden[number] && this.#met[number] === this.#demands) {
        numbers.push(number);
      }
    });
    return numbers;
  }
}

/** What each value of each filter would give, the other filters as they are. */
class Facets {
  #attributes;
  counts = {
    topic: Object.create(null),
    year: Object.create(null),
    organization: Object.create(null),
    code: 0,
  };

  constructor(attributes) {
    this.#attributes = attributes;
  }

  count(number, [topic, year, organization, code]) {
    const { topics, organizations, ...of } = this.#attributes;
    const add = (counts, key) => (counts[key] = (counts[key] ?? 0) + 1);
    if (!(year || organization || code)) {
      for (const place of of.topic[number]) add(this.counts.topic, topics[place]);
    }
    if (!(topic || organization || code) && of.date[number]) {
      add(this.counts.year, Math.floor(of.date[number] / 10000));
    }
    if (!(topic || year || code) && of.organization[number] >= 0) {
      add(this.counts.organization, organizations[of.organization[number]]);
    }
    if (!(topic || year || organization) && of.code[number]) this.counts.code++;
  }
}

function filterTopic({ topics, topic }, wanted) {
  const places = [wanted].flat().map((slug) => topics.indexOf(slug));
  return (number) => places.every((place) => topic[number].includes(place));
}

function filterYear({ date }, wanted) {
  return (number) => Math.floor(date[number] / 10000) === Number(wanted);
}

function filterOrganization({ organizations, organization }, wanted) {
  const name = normalize(wanted);
  const places = new Set();
  organizations.forEach((other, place) => normalize(other) === name && places.add(place));
  return (number) => places.has(organization[number]);
}

function filterCode({ code }) {
  return (number) => code[number] === 1;
}

/** Order of documents: by score (by date first, if dates are given), the newest first in a tie. */
function order(scores, dates) {
  return (a, b) => (dates ? dates[b] - dates[a] : 0) || scores[b] - scores[a] || b - a;
}

function postingOf(postings, field) {
  return postings.find(([number]) => number === field);
}

/** Calls `see(document, frequency, field length)` for every document of a field's posting. */
function eachDocument(posting, see) {
  if (!posting) return;
  const [, gaps, frequencies, lengths] = posting;
  let number = 0;
  for (let i = 0; i < gaps.length; i++) {
    number += gaps[i];
    see(number, frequencies ? frequencies[i] : 1, lengths[i]);
  }
}

function lengthOf(vector) {
  let sum = 0;
  for (const value of vector.values()) sum += value * value;
  return Math.sqrt(sum);
}

/** lunr's idf. It counts a document once for every field that holds the term. */
function inverseFrequency(postings, documents) {
  const holding = postings.reduce((sum, [, gaps]) => sum + gaps.length, 0);
  return Math.log(1 + Math.abs((documents - holding + 0.5) / (holding + 0.5)));
}

// ----------------------------------------------------------------------------------- Highlights

/** A text in pieces, [{text, match}], `match` true where its words are among the stems given. */
export function highlight(text, terms) {
  const wanted = new Set(terms);
  const pieces = [];
  let end = 0;
  for (const { 0: word, index } of text.matchAll(/[\p{L}\p{N}\p{M}]+(?:['’.][\p{L}\p{N}]+|\+\+|#)*/gu)) {
    if (!normalize(word).split(" ").some((part) => wanted.has(stem(part)))) continue;
    if (index > end) pieces.push({ text: text.slice(end, index), match: false });
    pieces.push({ text: word, match: true });
    end = index + word.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), match: false });
  return pieces;
}
