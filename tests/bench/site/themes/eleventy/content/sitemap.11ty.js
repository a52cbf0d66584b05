export default class {
  data() {
    return { permalink: "/sitemap.xml", eleventyExcludeFromCollections: true };
  }

  render({ collections }) {
    const urls = [...collections.papers, ...collections.lists].map(
      ({ url }) => `<url><loc>https://example.org/papers${url}</loc></url>\n`,
    );
    return `<?xml version="1.0" encoding="utf-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${urls.join("")}</urlset>
`;
  }
}
