"""docs/troubleshooting.md has an entry for whatever supervisord says when something is wrong, and for nothing else."""

import re
import unittest

import messages
import pages

PAGE = pages.ROOT / "docs/troubleshooting.md"


class Troubleshooting(unittest.TestCase):
    def setUp(self):
        self.entries = [cell for cell in pages.first_cells(PAGE) if len(re.findall(r"[A-Za-z]", cell)) >= 8]

    def untold(self, said):
        return sorted({f"{file}: {text}" for file, text in said
                       if not any(messages.matches(entry, text) for entry in self.entries)})

    def test_each_crit_and_erro_line_has_an_entry(self):
        lines = messages.log_lines()
        self.assertGreater(len(lines), 35)
        self.assertEqual(self.untold(lines), [])

    def test_each_refusal_of_a_start_has_an_entry(self):
        refusals = messages.refusals()
        self.assertGreater(len(refusals), 80)
        self.assertEqual(self.untold(refusals), [])

    def test_each_entry_is_something_that_is_said(self):
        literals = []
        for _, text in messages.sources("core", "supervisord", "sys", "config"):
            literals += [messages.text_of(literal) for literal in re.findall(messages.LITERAL, text)]
        stale = [entry for entry in self.entries if not any(messages.matches(entry, text) for text in literals)]
        self.assertEqual(stale, [])


if __name__ == "__main__":
    unittest.main()
