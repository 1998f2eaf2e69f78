"""The checks of the tree can fail: each fault that tools/check_layers and tools/check_tree look for is planted in a small tree."""

import pathlib
import subprocess
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"

SOUND = {
    "src/CMakeLists.txt": "add_subdirectory(base)\nadd_subdirectory(yaml)\nadd_subdirectory(model)\nadd_subdirectory(engine)\n"
                          "add_subdirectory(adapters/file)\nadd_subdirectory(adapters/kafka)\nadd_subdirectory(cli)\n",
    "src/base/CMakeLists.txt": "bank_room(base LIBS fmt::fmt)\n",
    "src/base/result.h": "#include <string>\n",
    "src/yaml/CMakeLists.txt": "bank_room(yaml DEPS base LIBS yaml-cpp)\n",
    "src/yaml/yaml.cpp": '#include <yaml-cpp/yaml.h>\n#include "base/result.h"\n',
    "src/model/CMakeLists.txt": "bank_room(model DEPS base)\n",
    "src/model/transaction.h": '#include "base/result.h"\n',
    "src/engine/CMakeLists.txt": "bank_room(engine DEPS model)\n",
    "src/engine/engine.cpp": '#include "base/result.h"\n#include "model/transaction.h"\n',
    "src/engine/engine_test.cpp": '#include <gtest/gtest.h>\n#include <thread>\n',
    "src/adapters/file/CMakeLists.txt": "bank_room(file DEPS engine LIBS ZLIB::ZLIB)\n",
    "src/adapters/file/reader.h": "#include <zlib.h>\n",
    "src/adapters/kafka/CMakeLists.txt": "bank_room(kafka DEPS engine)\n",
    "src/adapters/kafka/source.h": '#include "engine/engine.h"\n',
    "src/engine/engine.h": "#pragma once\n",
    "src/cli/CMakeLists.txt": "bank_room(cli DEPS file kafka)\n# makes cli/version_info.h\n",
    "src/cli/main.cpp": '#include "cli/version_info.h"\n#include "adapters/file/reader.h"\n#include "adapters/kafka/source.h"\n',
    "ARCHITECTURE.md": "| `base/` | x |  |\n"
                       + "| `yaml/` | x | base |\n| `model/` | x | base |\n| `engine/` | x | model |\n"
                       + "| `adapters/file/` | x | engine |\n| `adapters/kafka/` | x | engine |\n| `cli/` | x | file, kafka |\n",
}

# What is planted, and what the tool must say of it.
LAYER_FAULTS = [
    ({"src/engine/bad.cpp": '#include "yaml/yaml.h"\n', "src/yaml/yaml.h": "\n"}, "engine may not include yaml"),
    ({"src/model/bad.cpp": '#include "engine/engine.h"\n'}, "model may not include engine"),
    ({"src/base/bad.cpp": '#include "cli/gone.h"\n'}, "is no file of a room"),
    ({"src/base/bad.cpp": '#include "result.h"\n'}, "is no file of a room"),
    ({"src/engine/bad.cpp": "#include <yaml-cpp/yaml.h>\n"}, "<yaml-cpp/yaml.h> is not for engine"),
    ({"src/cli/bad.cpp": "#include <zlib.h>\n"}, "<zlib.h> is not for cli"),
    ({"src/model/bad.cpp": "#include <rapidjson/reader.h>\n"}, "<rapidjson/reader.h> is not for model"),
    ({"src/model/bad.cpp": "#include <openssl/sha.h>\n"}, "<openssl/sha.h> is not for model"),
    ({"src/model/bad.cpp": "#include <CLI/CLI.hpp>\n"}, "<CLI/CLI.hpp> is not for model"),
    ({"src/engine/bad.cpp": "#include <gtest/gtest.h>\n"}, "is for tests"),
    ({"src/engine/bad.cpp": '#include "engine/test_plan.h"\n', "src/engine/test_plan.h": "#include <gtest/gtest.h>\n"},
     '"engine/test_plan.h" is for tests'),
    ({"src/engine/bad.cpp": "#include <thread>\n"}, "which is pure"),
    ({"src/adapters/file/bad.cpp": "auto t = std::chrono::system_clock::now();\n"}, "system_clock: time and randomness are passed in"),
    ({"src/adapters/file/bad.cpp": "std::random_device device;\n"}, "random_device"),
    ({"src/adapters/file/bad.cpp": '#include "adapters/kafka/source.h"\n'}, "file may not include kafka"),
    ({"src/adapters/kafka/CMakeLists.txt": "bank_room(kafka DEPS engine file)\n"}, "adapters never include each other"),
    ({"src/base/CMakeLists.txt": "bank_room(base DEPS model)\n"}, "points upward"),
    ({"src/engine/CMakeLists.txt": "bank_room(engine DEPS model LIBS yaml-cpp)\n"}, "belongs to one room"),
    ({"src/engine/CMakeLists.txt": "bank_room(engine DEPS model LIBS Boost::json)\n"}, "unknown to tools/check_layers"),
    ({"src/stray/x.cpp": "\n"}, "stands in no room"),
    ({"ARCHITECTURE.md": SOUND["ARCHITECTURE.md"].replace("| x | model |", "| x | model, yaml |")}, "engine/ may include"),
    ({"ARCHITECTURE.md": SOUND["ARCHITECTURE.md"].replace("| `engine/` | x | model |\n", "")}, "no row for engine/"),
    ({"ARCHITECTURE.md": SOUND["ARCHITECTURE.md"] + "| `store/` | x | model |\n"}, "names store/"),
]

TREE_FAULTS = [
    ({"a.cpp": "int a;"}, "no newline at the end"),
    ({"a.cpp": "int a;\n\n"}, "blank lines at the end"),
    ({"a.cpp": "int a; \n"}, "space at the end of the line"),
    ({"a.cpp": "\tint a;\n"}, "a tab"),
    ({"a.cpp": "// TO" + "DO: later\n"}, "finish it, or open an issue"),
    ({"a.txt": "https://py" + "pi.org/simple\n"}, "a package registry's address"),
    ({"a.txt": "x" * 1_000_001 + "\n"}, "more than 1000000 bytes"),
    ({"a.md": "[more](gone.md)\n"}, "leads nowhere"),
    ({"a.md": "[more](#gone)\n# Here\n"}, "no heading #gone"),
]


def run_in_tree(tool, files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        subprocess.run(["git", "add", "."], cwd=folder, check=True)
        done = subprocess.run([TOOLS / tool, "--root", folder], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


class CheckLayers(unittest.TestCase):
    def test_passes_a_sound_tree(self):
        self.assertEqual(run_in_tree("check_layers", SOUND), (0, "layers: 7 rooms, every include keeps to the arrows\n"))

    def test_finds_each_fault(self):
        for planted, said in LAYER_FAULTS:
            with self.subTest(said=said, planted=planted):
                code, output = run_in_tree("check_layers", SOUND | planted)
                self.assertIn(said, output)
                self.assertEqual(code, 1)
                others = [line for line in output.splitlines() if said not in line and not line.startswith("ARCHITECTURE.md")]
                self.assertEqual(others, [])

    def test_this_tree_keeps_to_them(self):
        done = subprocess.run([TOOLS / "check_layers"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


class CheckTree(unittest.TestCase):
    def test_passes_a_sound_tree(self):
        files = {"a.cpp": "int a;\n", "b.md": "# One heading\n[a](a.cpp) [b](#one-heading)\n", "Makefile": "a:\n\ttrue\n"}
        self.assertEqual(run_in_tree("check_tree", files), (0, "tree: 3 files, all tidy\n"))

    def test_finds_each_fault(self):
        for planted, said in TREE_FAULTS:
            with self.subTest(said=said):
                code, output = run_in_tree("check_tree", planted)
                self.assertIn(said, output)
                self.assertEqual(code, 1)


class Setup(unittest.TestCase):
    def test_refuses_an_unknown_group(self):
        done = subprocess.run([TOOLS / "setup", "--list", "jvm"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn('no group "jvm"', done.stderr)


if __name__ == "__main__":
    unittest.main()
