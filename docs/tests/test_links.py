"""No link of the pages leads nowhere, and the book has every page of docs/."""

import re
import unittest

import pages


class Links(unittest.TestCase):
    def test_they_lead_to_a_file_and_its_heading(self):
        broken = []
        for page in pages.pages():
            for link in pages.links(page):
                path, _, anchor = link.partition("#")
                target = page.parent / path if path else page
                if not target.exists():
                    broken.append(f"{pages.name(page)}: {link}")
                elif anchor and target.suffix == ".md" and anchor not in pages.anchors(target):
                    broken.append(f"{pages.name(page)}: {link}: no such heading")
        self.assertEqual(broken, [])

    def test_the_book_has_every_page_once(self):
        folder = pages.ROOT / "docs"
        listed = re.findall(r"\]\(([^)]+)\)", (folder / "SUMMARY.md").read_text())
        there = sorted(path.name for path in folder.glob("*.md") if path.name != "SUMMARY.md")
        self.assertEqual(sorted(listed), there, "docs/SUMMARY.md and the pages of docs/")


if __name__ == "__main__":
    unittest.main()
