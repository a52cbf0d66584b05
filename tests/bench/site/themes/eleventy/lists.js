// Which lists there are: of all papers, of topics, organisations, days, weeks and months, in pages.
import { readFileSync } from "node:fs";

export const TITLES = JSON.parse(readFileSync("topics.json", "utf8"));
const GROUPS = [
  { kind: "topics", keys: (data) => data.topics, title: (slug) => TITLES[slug] },
  { kind: "organizations", keys: (data) => [data.organization].filter(Boolean) },
  { kind: "days", keys: (data) => [data.listed] },
  { kind: "weeks", keys: (data) => [data.week], onlyTitles: true },
  { kind: "months", keys: (data) => [data.month], onlyTitles: true },
];
const FEEDS = new Set(["topics", "organizations"]);
const ENTRIES = 50;

/** The newest first. */
export function byDay(papers) {
  return papers.sort((a, b) => b.date - a.date || (a.fileSlug < b.fileSlug ? -1 : 1));
}

/** The last part of an organisation's address. */
export function slug(name) {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}

/** All pages of all lists. */
export function lists(papers) {
  const pages = [];
  for (const group of groups(papers)) pages.push(...paged(group));
  return pages;
}

/** What has a feed, each with its newest papers. */
export function feeds(papers) {
  return [...groups(papers)]
    .filter((group) => group.feed)
    .map((group) => ({ ...group, papers: group.papers.slice(0, ENTRIES) }));
}

/** A page for each kind of list, with what there is of it. */
export function overviews(papers) {
  const all = [...groups(papers)];
  return GROUPS.map(({ kind }) => {
    const base = `/${kind}/`;
    return { url: base, title: kind, groups: all.filter((group) => group.base.startsWith(base)) };
  });
}

function* groups(papers) {
  yield { title: "Papers", base: "/", feed: "/feed.xml", papers };
  for (const { kind, keys, title, onlyTitles } of GROUPS) {
    const members = new Map();
    for (const paper of papers) {
      for (const key of keys(paper.data)) {
        if (!members.has(key)) members.set(key, []);
        members.get(key).push(paper);
      }
    }
    for (const [key, found] of members) {
      const base = `/${kind}/${kind === "organizations" ? slug(key) : key}/`;
      const feed = FEEDS.has(kind) && `${base}feed.xml`;
      yield { title: title ? title(key) : key, base, feed, onlyTitles, papers: found };
    }
  }
}

function paged({ papers, ...group }) {
  const size = group.onlyTitles ? 50 : 30;
  const total = Math.ceil(papers.length / size);
  const url = (number) => (number === 1 ? group.base : `${group.base}page/${number}/`);
  return Array.from({ length: total }, (_, place) => ({
    ...group,
    url: url(place + 1),
    number: place + 1,
    total,
    newer: place > 0 && url(place),
    older: place + 1 < total && url(place + 2),
    papers: papers.slice(place * size, (place + 1) * size),
  }));
}
