"""What `cmake --install` puts somewhere runs from there, far from any clone."""

import os
import pathlib
import subprocess
import tempfile
import unittest

BANK = pathlib.Path(os.environ["BANK"])
BUILD = BANK.parents[1]


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.prefix = pathlib.Path(folder.name).resolve() / "prefix"
        self.elsewhere = pathlib.Path(folder.name) / "elsewhere"
        self.elsewhere.mkdir()
        subprocess.run(["cmake", "--install", BUILD, "--prefix", self.prefix], check=True, stdout=subprocess.DEVNULL)

    def bank(self, *arguments):
        done = subprocess.run([self.prefix / "bin/bank", *arguments], cwd=self.elsewhere, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_finds_the_installed_rules(self):
        rules = self.prefix / "share/bank/rules/default.yaml"
        self.assertEqual(self.bank("config", "get", "detect.rules"), f"{rules}\n")
        table = self.bank("config")
        self.assertRegex(table, rf"detect\.rules +{rules} +default, as installed\n")

    def test_runs_the_whole_of_file_mode(self):
        self.bank("run", "--count", "1000")
        self.assertTrue((self.elsewhere / "data/analytics_report.html").exists())


if __name__ == "__main__":
    unittest.main()
