#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The GitHub action and the GitLab job that others use: their form, their shell scripts, and what
they do with two results. ci_templates_test.py PROGRAM"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/style"))

import sources  # noqa: E402

ACTION = ROOT / ".github/actions/compare"
GITLAB = ROOT / ".gitlab/tunrelay-compare.yml"
PROGRAM = None
# What GitHub documents of an action's metadata, as far as composite actions have it.
STEP = {"type": "object", "additionalProperties": False, "properties": {
    "name": {"type": "string"}, "id": {"type": "string"}, "if": {"type": "string"},
    "run": {"type": "string"}, "shell": {"enum": ["bash", "sh"]}, "uses": {"pattern": "^[^@]+@v?\\d"},
    "with": {"type": "object"}, "env": {"type": "object"}},
    "oneOf": [{"required": ["run", "shell"]}, {"required": ["uses"]}]}
SCHEMA = {"type": "object", "additionalProperties": False,
          "required": ["name", "description", "inputs", "outputs", "runs"], "properties": {
              "name": {"type": "string"}, "description": {"type": "string"},
              "inputs": {"additionalProperties": {
                  "additionalProperties": False, "required": ["description"], "properties": {
                      "description": {"type": "string"}, "default": {"type": "string"},
                      "required": {"type": "boolean"}}}},
              "outputs": {"additionalProperties": {
                  "additionalProperties": False, "required": ["description", "value"], "properties": {
                      "description": {"type": "string"}, "value": {"type": "string"}}}},
              "runs": {"additionalProperties": False, "required": ["using", "steps"], "properties": {
                  "using": {"const": "composite"}, "steps": {"type": "array", "items": STEP}}}}}
# What GitLab documents of a job, as far as ours has it.
JOB_KEYS = {"image", "variables", "before_script", "script", "allow_failure", "artifacts"}


def shellcheck(text, name):
    done = subprocess.run(["shellcheck", "--shell=sh", "--exclude=SC2086", "-"], input=text, text=True,
                          stdout=subprocess.PIPE, check=False)
    return [] if done.returncode == 0 else [f"{name}: {done.stdout}"]


class CiTemplatesTest(unittest.TestCase):
    def results(self, folder, factor):
        """base.json, and head.json of which each value is FACTOR times as large."""
        sample = json.loads((ROOT / "tests/python/data/result.json").read_text(encoding="utf-8"))
        metric = next(one for one in sample["metrics"] if one["better"] == "higher")
        values = {"subject": 100.0, "control": 200.0}
        sample["metrics"] = [metric]
        sample["distributions"] = []
        for name, scale in (("base", 1.0), ("head", factor)):
            metric["samples"] = [
                {"path": path, "round": number, "at_s": number,
                 "value": value * (1 + number % 5 / 500) * (scale if path == "subject" else 1)}
                for number in range(40) for path, value in values.items()]
            Path(folder, f"{name}.json").write_text(json.dumps(sample), encoding="utf-8")

    def environment(self, folder):
        return {"PATH": f"{PROGRAM.parent}:{os.environ['PATH']}", "BASE": f"{folder}/base.json",
                "HEAD": f"{folder}/head.json", "OUT": f"{folder}/out", "ARGUMENTS": "--alpha 0.01",
                "GITHUB_OUTPUT": f"{folder}/output", "GITHUB_STEP_SUMMARY": f"{folder}/summary"}

    def test_the_actions_form(self):
        action = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
        jsonschema.validate(action, SCHEMA)
        text = (ACTION / "action.yml").read_text(encoding="utf-8").split("\nruns:")[1]
        self.assertEqual(set(re.findall(r"inputs\.([\w-]+)", text)) | {"token"},
                         set(action["inputs"]), "each input is used, and there")
        ids = {step["id"] for step in action["runs"]["steps"] if "id" in step}
        self.assertLessEqual(set(re.findall(r"steps\.(\w+)\.", str(action))), ids)
        for step in action["runs"]["steps"]:
            # What others may write (a branch's name) never stands in a script's text.
            self.assertNotIn("${{", step.get("run", ""), step["name"])
            self.assertEqual(shellcheck(step.get("run", "true"), step["name"]), [])
            for script in re.findall(r"GITHUB_ACTION_PATH/(\w+)", step.get("run", "")):
                self.assertTrue(os.access(ACTION / script, os.X_OK), script)

    def test_the_jobs_form(self):
        document = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
        self.assertEqual(list(document), [".tunrelay-compare"], "a hidden job is there to be extended")
        job = document[".tunrelay-compare"]
        self.assertLessEqual(set(job), JOB_KEYS)
        for key in ("before_script", "script"):
            for part in job[key]:
                self.assertEqual(shellcheck(part, key), [])
        used = set(re.findall(r"\$\{?(TUNRELAY_\w+)", str(job)))
        self.assertEqual(used - {"TUNRELAY_TOKEN"}, set(job["variables"]))

    def test_the_action_finds_what_is_worse(self):
        for factor, verdict, code in ((0.7, "worse", 4), (1.0, "same", 0)):
            with tempfile.TemporaryDirectory(prefix="tunrelay-action.") as folder:
                self.results(folder, factor)
                subprocess.run([ACTION / "compare"], check=True, stdout=subprocess.DEVNULL,
                               env=self.environment(folder))
                self.assertEqual(Path(folder, "output").read_text(encoding="utf-8"),
                                 f"exit-code={code}\nverdict={verdict}\n")
                self.assertIn(verdict, Path(folder, "summary").read_text(encoding="utf-8"))
                self.assertEqual({path.name for path in Path(folder, "out").iterdir()},
                                 {"summary.md", "page.html", "junit.xml", "compare.json", "exit-code"})
                for fail_on, expected in (("worse", code), ("never", 0), ("inconclusive", code)):
                    judged = subprocess.run([ACTION / "judge", str(code), fail_on], check=False)
                    self.assertEqual(judged.returncode, expected, fail_on)

    def test_the_job_finds_what_is_worse(self):
        job = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))[".tunrelay-compare"]
        with tempfile.TemporaryDirectory(prefix="tunrelay-job.") as folder:
            self.results(folder, 0.7)
            done = subprocess.run(
                ["sh", "-ec", "\n".join(job["script"])], cwd=folder, check=False,
                stdout=subprocess.DEVNULL,
                env={**{name: str(value) for name, value in job["variables"].items()},
                     "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
                     "TUNRELAY_BASE": "base.json", "TUNRELAY_HEAD": "head.json"})
            self.assertEqual(done.returncode, 4)
            self.assertTrue(Path(folder, "tunrelay-compare/junit.xml").exists())

    def test_a_failure_is_one(self):
        with tempfile.TemporaryDirectory(prefix="tunrelay-action.") as folder:
            done = subprocess.run([ACTION / "compare"], check=False, stderr=subprocess.DEVNULL,
                                  env=self.environment(folder))
            self.assertEqual(done.returncode, 2, "there are no such results")


if __name__ == "__main__":
    PROGRAM = Path(sys.argv.pop()).resolve()
    sources.need_tool("shellcheck")
    yaml = sources.need_module("yaml")
    jsonschema = sources.need_module("jsonschema")
    unittest.main()
