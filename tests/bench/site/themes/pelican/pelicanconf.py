"""The fastest that Pelican's manual tells of: content kept between runs, no typography, no reader
but Markdown's, no pages but those that the theme has."""

import json
from pathlib import Path

SITENAME = "Papers"
SITESUBTITLE = "A list of papers."
SITEURL = "https://example.org/papers"
DEFAULT_LANG = "en"
TIMEZONE = "UTC"
THEME = "theme"
THEME_STATIC_DIR = "."
PATH = "content"
ARTICLE_PATHS = ["papers"]
PAGE_PATHS: list[str] = []
STATIC_PATHS: list[str] = []
PLUGINS: list[str] = []
TOPICS = json.loads(Path("topics.json").read_text("utf-8"))

# What is kept between runs.
CACHE_CONTENT = True
LOAD_CONTENT_CACHE = True
GZIP_CACHE = False
CHECK_MODIFIED_METHOD = "mtime"

FORMATTED_FIELDS: list[str] = []
USE_FOLDER_AS_CATEGORY = False
MARKDOWN = {"extension_configs": {}, "output_format": "html5"}
JINJA_ENVIRONMENT = {"trim_blocks": True, "lstrip_blocks": True, "autoescape": True}

ARTICLE_URL = "papers/{slug}/"
ARTICLE_SAVE_AS = "papers/{slug}/index.html"
TAG_URL = "topics/{slug}/"
TAG_SAVE_AS = "topics/{slug}/index.html"
TAGS_SAVE_AS = "topics/index.html"
AUTHOR_URL = "organizations/{slug}/"
AUTHOR_SAVE_AS = "organizations/{slug}/index.html"
AUTHORS_SAVE_AS = "organizations/index.html"
CATEGORY_SAVE_AS = ""
DAY_ARCHIVE_URL = "days/{date:%Y-%m-%d}/"
DAY_ARCHIVE_SAVE_AS = "days/{date:%Y-%m-%d}/index.html"
MONTH_ARCHIVE_URL = "months/{date:%Y-%m}/"
MONTH_ARCHIVE_SAVE_AS = "months/{date:%Y-%m}/index.html"
DIRECT_TEMPLATES = ["index", "tags", "authors", "sitemap"]
SITEMAP_SAVE_AS = "sitemap.xml"
PAGINATED_TEMPLATES = {"index": 30, "tag": 30, "author": 30, "period_archives": 50}
PAGINATION_PATTERNS = [
    (1, "{url}", "{save_as}"),
    (2, "{base_name}/page/{number}/", "{base_name}/page/{number}/index.html"),
]

FEED_RSS = "feed.xml"
FEED_ALL_ATOM = None
CATEGORY_FEED_ATOM = None
AUTHOR_FEED_ATOM = None
AUTHOR_FEED_RSS = "organizations/{slug}/feed.xml"
TAG_FEED_RSS = "topics/{slug}/feed.xml"
TRANSLATION_FEED_ATOM = None
RSS_FEED_SUMMARY_ONLY = False
FEED_MAX_ITEMS = 50
