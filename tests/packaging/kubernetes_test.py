#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The kustomizations of service/kubernetes: rendered by kubectl, checked against the models that
Kubernetes generates from its API (python3-kubernetes), and their commands against the program.
kubernetes_test.py PROGRAM"""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/style"))

import sources  # noqa: E402

FOLDER = ROOT / "service/kubernetes"
PROGRAM = None
MODELS = {("v1", "PersistentVolumeClaim"): "V1PersistentVolumeClaim", ("v1", "Service"): "V1Service",
          ("apps/v1", "Deployment"): "V1Deployment", ("batch/v1", "Job"): "V1Job"}


def rendered(name):
    # Newer ones warn of fields that Debian 12's needs.
    text = subprocess.run(["kubectl", "kustomize", FOLDER / name], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout
    return [document for document in yaml.safe_load_all(text) if document]


def faults(value, kind, place):
    """Where VALUE is not of KIND, a type as the API's models write it."""
    if value is None:
        return []
    if match := re.fullmatch(r"list\[(.+)\]", kind):
        if not isinstance(value, list):
            return [f"{place}: no list"]
        return [fault for at, item in enumerate(value)
                for fault in faults(item, match[1], f"{place}[{at}]")]
    if match := re.fullmatch(r"dict\(str, (.+)\)", kind):
        if not isinstance(value, dict):
            return [f"{place}: no map"]
        return [fault for key, item in value.items()
                for fault in faults(item, match[1], f"{place}.{key}")]
    plain = {"str": str, "int": int, "bool": bool, "object": object}
    if kind in plain:
        wrong = not isinstance(value, plain[kind]) or (kind == "int" and isinstance(value, bool))
        return [f"{place}: {value!r} is not of {kind}"] if wrong else []
    model = getattr(kubernetes.client, kind)
    if not isinstance(value, dict):
        return [f"{place}: no object"]
    names = {theirs: ours for ours, theirs in model.attribute_map.items()}
    found = [f"{place}.{key}: not known" for key in value if key not in names]
    for key, item in value.items():
        if key in names:
            found += faults(item, model.openapi_types[names[key]], f"{place}.{key}")
    try:
        model(**{names[key]: item for key, item in value.items() if key in names})
    except ValueError as error:  # a required member that is missing
        found.append(f"{place}: {error}")
    return found


def container_of(name, job):
    """That job of the kustomization NAME, and its container."""
    found, = (one for one in rendered(name) if one["metadata"]["name"] == job)
    return found, found["spec"]["template"]["spec"]["containers"][0]


class KubernetesTest(unittest.TestCase):
    def test_the_api_knows_all_of_it(self):
        for name in ("base", "privileged", "device", "collect", "relay"):
            documents = rendered(name)
            self.assertTrue(documents, name)
            for document in documents:
                model = MODELS[document["apiVersion"], document["kind"]]
                self.assertEqual(faults(document, model, name), [])

    def test_the_check_finds_faults(self):
        job, container = container_of("base", "tunrelay-bench")
        container["imagePullPolicies"] = "Always"
        container["env"].append({"value": "x"})
        job["spec"]["completions"] = "3"
        text = "\n".join(faults(job, "V1Job", "job"))
        self.assertIn("imagePullPolicies: not known", text)
        self.assertIn("env[2]: Invalid value for `name`", text)
        self.assertIn("completions: '3' is not of int", text)

    def test_runs_are_numbered_and_apart(self):
        job, container = container_of("privileged", "tunrelay-bench")
        self.assertEqual(job["spec"]["completionMode"], "Indexed")
        template = job["spec"]["template"]
        rule = template["spec"]["affinity"]["podAntiAffinity"][
            "requiredDuringSchedulingIgnoredDuringExecution"][0]
        labels = template["metadata"]["labels"]
        self.assertLessEqual(rule["labelSelector"]["matchLabels"].items(), labels.items())
        self.assertEqual(container["resources"]["requests"], container["resources"]["limits"])
        self.assertIs(container["securityContext"]["privileged"], True)

    def test_the_device_is_a_plugins(self):
        _, container = container_of("device", "tunrelay-bench")
        self.assertEqual(container["resources"]["limits"]["squat.ai/tun"], "1")
        self.assertNotIn("privileged", container["securityContext"])

    def test_the_program_takes_the_arguments(self):
        for name, job in (("base", "tunrelay-bench"), ("relay", "tunrelay")):
            _, container = container_of(name, job)
            names = {one["name"] for one in container.get("env", ())}
            for argument in container["args"]:
                self.assertLessEqual(set(re.findall(r"\$\((\w+)\)", argument)), names)
            text = subprocess.run([PROGRAM, container["args"][0], "--help"], check=True, text=True,
                                  stdout=subprocess.PIPE).stdout
            for argument in container["args"][1:]:
                if argument.startswith("-"):
                    self.assertIn(argument.split("=")[0], text)

    def test_the_monitor_finds_the_relay(self):
        found = {document["kind"]: document for document in rendered("monitor")}
        _, container = container_of("relay", "tunrelay")
        monitor, service = found["ServiceMonitor"], found["Service"]
        self.assertLessEqual(monitor["spec"]["selector"]["matchLabels"].items(),
                             service["metadata"]["labels"].items())
        self.assertLessEqual(
            service["spec"]["selector"].items(),
            found["Deployment"]["spec"]["template"]["metadata"]["labels"].items())
        endpoint, port = monitor["spec"]["endpoints"][0], service["spec"]["ports"][0]
        self.assertEqual(endpoint["port"], port["name"])
        of_container = container["ports"][0]
        self.assertEqual(port["targetPort"], of_container["name"])
        address = next(one for one in container["args"] if one.startswith("--metrics="))
        self.assertEqual(int(address.rpartition(":")[2]), of_container["containerPort"])

    def test_the_collector_merges(self):
        _, container = container_of("collect", "tunrelay-collect")
        sample = json.loads((ROOT / "tests/python/data/result.json").read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory(prefix="tunrelay-collect.") as name:
            for number in range(3):
                sample["seed"] = number
                sample["environment"]["machine_name"] = f"node-{number}"
                Path(name, f"{number}.json").write_text(json.dumps(sample), encoding="utf-8")
            script = container["command"][2].replace("/results", name)
            done = subprocess.run([*container["command"][:2], script], check=True, text=True,
                                  stdout=subprocess.PIPE,
                                  env={"PATH": f"{PROGRAM.parent}:/usr/bin:/bin"})
            self.assertIn("spread between machines", done.stdout)
            self.assertIn("node-2", done.stdout)
            merged = json.loads(Path(name, "merged.json").read_text(encoding="utf-8"))
            self.assertEqual([origin["machine"] for origin in merged["origins"]],
                             ["node-0", "node-1", "node-2"])
            self.assertIn('machine="node-1"', Path(name, "metrics.prom").read_text(encoding="utf-8"))


if __name__ == "__main__":
    PROGRAM = Path(sys.argv.pop()).resolve()
    sources.need_tool("kubectl")
    yaml = sources.need_module("yaml")
    kubernetes = sources.need_module("kubernetes")
    unittest.main()
