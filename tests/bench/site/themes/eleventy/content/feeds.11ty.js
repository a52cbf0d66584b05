import { escape } from "../html.js";

export default class {
  data() {
    return {
      pagination: { data: "collections.feeds", size: 1, alias: "feed" },
      permalink: ({ feed }) => feed.feed,
      eleventyExcludeFromCollections: true,
    };
  }

  render({ feed }) {
    const address = `https://example.org/papers${feed.base}`;
    return `<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
<title>${escape(feed.title)}</title>
<link>${address}</link>
<description>A list of papers.</description>
<language>en</language>
<atom:link href="https://example.org/papers${feed.feed}" rel="self" type="application/rss+xml"/>
${feed.papers.map(item).join("")}</channel>
</rss>
`;
  }
}

function item({ url, date, data, content }) {
  return `<item>
<title>${escape(data.title)}</title>
<link>https://example.org/papers${url}</link>
<guid>https://example.org/papers${url}</guid>
<pubDate>${date.toUTCString()}</pubDate>
<description>${escape(content)}</description>
</item>
`;
}
