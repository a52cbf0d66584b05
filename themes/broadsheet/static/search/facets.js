// The filters of the search: what each document is, and how many each value of a filter would give.
import { normalize } from "./words.js";

/** Whether a search with these options must know what the documents are. */
export function needsFacets({ topic, year, organization, hasCode, facets, sort }) {
  return Boolean(topic?.length || year || organization || hasCode || facets || sort === "date");
}

/** Dates, topics, organisations and code of all documents, from the shards of their stretches. */
export class Facets {
  /** The day of each document as a number YYYYMMDD; 0 where it has none. */
  dates;
  #topics = new Map();
  #organizations = new Map();
  #code = [];

  constructor(shards, documents, size) {
    this.dates = new Uint32Array(documents);
    shards.forEach(({ dates, topics, organizations, code }, stretch) => {
      const first = stretch * size;
      this.dates.set(summed(dates, 0), first);
      for (const [slug, gaps] of Object.entries(topics)) append(this.#topics, slug, gaps, first);
      for (const [name, gaps] of Object.entries(organizations)) {
        append(this.#organizations, name, gaps, first);
      }
      this.#code.push(...summed(code, first));
    });
  }

  /** {numbers: the documents that pass the filters; counts: of each value, if they are wanted}. */
  filter(numbers, options) {
    const failed = this.#failed(options);
    const kept = numbers.filter((number) => !failed[number]);
    if (!options.facets) return { numbers: kept };
    const left = new Uint8Array(failed.length).fill(255); // what was not found fails all filters
    for (const number of numbers) left[number] = failed[number];
    return { numbers: kept, counts: this.#counts(left) };
  }

  /** Of each document the filters that it fails, as bits. */
  #failed({ topic, year, organization, hasCode }) {
    const failed = new Uint8Array(this.dates.length);
    for (const slug of [topic ?? []].flat()) fail(failed, TOPIC, this.#topics.get(slug) ?? []);
    if (organization) fail(failed, ORGANIZATION, this.#of(organization));
    if (hasCode) fail(failed, CODE, this.#code);
    if (year) {
      this.dates.forEach((date, number) => {
        if (yearOf(date) !== Number(year)) failed[number] |= YEAR;
      });
    }
    return failed;
  }

  /** The documents of an organisation, its name in any case. */
  #of(organization) {
    const wanted = normalize(organization);
    const names = [...this.#organizations.keys()].filter((name) => normalize(name) === wanted);
    return names.flatMap((name) => this.#organizations.get(name));
  }

  #counts(left) {
    return {
      topic: counted(this.#topics, left, TOPIC),
      year: this.#years(left),
      organization: counted(this.#organizations, left, ORGANIZATION),
      code: count(this.#code, left, CODE),
    };
  }

  #years(left) {
    const years = Object.create(null);
    this.dates.forEach((date, number) => {
      if (date && !(left[number] & ~YEAR)) years[yearOf(date)] = (years[yearOf(date)] ?? 0) + 1;
    });
    return years;
  }
}

const [TOPIC, YEAR, ORGANIZATION, CODE] = [1, 2, 4, 8];

function append(map, key, gaps, first) {
  const numbers = summed(gaps, first);
  if (map.has(key)) map.get(key).push(...numbers);
  else map.set(key, numbers);
}

/** Numbers that are each counted from the one before, the first from `start`. */
function summed(gaps, start) {
  let number = start;
  return gaps.map((gap) => (number += gap));
}

/** Marks all documents but these as failing a filter. */
function fail(failed, filter, passing) {
  const passes = new Uint8Array(failed.length);
  for (const number of passing) passes[number] = 1;
  for (let number = 0; number < failed.length; number++) {
    if (!passes[number]) failed[number] |= filter;
  }
}

/** How many documents each value would give, were it the filter: those that fail no other. */
function counted(map, left, filter) {
  const counts = Object.create(null);
  for (const [value, numbers] of map) {
    const papers = count(numbers, left, filter);
    if (papers) counts[value] = papers;
  }
  return counts;
}

function count(numbers, left, filter) {
  let papers = 0;
  for (const number of numbers) if (!(left[number] & ~filter)) papers++;
  return papers;
}

function yearOf(date) {
  return Math.floor(date / 10000);
}
