"""List the packages that Gait Viewer installs, with versions and licences: ``resources/parts.cdx.json``.

    .venv/bin/python installer/parts.py            # write the list anew (after installer/pin.py)
    .venv/bin/python installer/parts.py --check    # is it what is installed here? are all licences allowed?

The list (CycloneDX 1.6) holds what ``pip install "gaitviewer[research]"`` brings on Linux with Python 3.11 and
the CPU wheel of torch: what the program and its research part need, and what those need in turn; no tools for
developers. It holds no time and no serial number, so the same environment gives the same file. Elsewhere
(another system, another Python) the check looks at licences alone; ``installer/licences.toml`` has
those that are allowed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from license_expression import ExpressionError, get_spdx_licensing
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "resources" / "parts.cdx.json"
RULES = ROOT / "installer" / "licences.toml"
WHERE_LISTED = ("linux", (3, 11))
LEFT_OUT = ("gaitviewer", "pip")  # the program itself; what comes with Python, in whatever version
Parts = dict[str, metadata.Distribution]
Needs = dict[str, set[str]]


def collect(rules: dict[str, Any]) -> tuple[Parts, Needs]:
    """Everything that is installed because the program or its research part needs it.

    Args:
        rules: what ``licences.toml`` holds; what it names under ``cuda`` is left out.

    Returns:
        The distributions by name, and for each (and the program itself, "gaitviewer") the names it needs.
    """
    parts: Parts = {}
    needs: Needs = {}
    waiting = [("gaitviewer", frozenset[str]())]
    seen = set(waiting)
    while waiting:
        name, extras = waiting.pop()
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            sys.exit(f"{name} is needed and not installed. Run: bash installer/test.sh")
        parts[name] = found
        mine = needs.setdefault(name, set())
        for line in asked_for() if name == "gaitviewer" else found.requires or ():
            wish = Requirement(line)
            on = wish.marker is None or any(wish.marker.evaluate({"extra": e}) for e in extras | {""})
            other = canonicalize_name(wish.name)
            if not on or other in LEFT_OUT or _is_cuda(other, rules):
                continue
            mine.add(other)
            step = (other, frozenset(wish.extras))
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return parts, needs


def asked_for() -> list[str]:
    """What the program and its research part ask for: as ``pyproject.toml`` has it, not as once installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["research"]]


def _is_cuda(name: str, rules: dict[str, Any]) -> bool:
    return name in rules["cuda"]["names"] or name.startswith(tuple(rules["cuda"]["prefixes"]))


def licence_of(name: str, found: metadata.Distribution, rules: dict[str, Any]) -> str:
    """The licence of a package as an SPDX expression, or as its metadata say it; "" where they say nothing."""
    if name in rules["read"]:
        return str(rules["read"][name])
    facts = found.metadata
    if facts.get("License-Expression"):
        return str(facts["License-Expression"])
    stated = [line for line in facts.get_all("Classifier", []) if line.startswith("License ::")]
    if not stated:
        first = (facts.get("License") or "").strip().splitlines()[:1]
        stated = [line for line in first if line != "UNKNOWN"]
    return " AND ".join(sorted({str(rules["also"].get(line, line)) for line in stated}))


def is_allowed(licence: str, allowed: set[str]) -> bool:
    """Whether an SPDX expression can be satisfied with the allowed licences alone."""
    spdx = get_spdx_licensing()
    try:
        parsed = spdx.parse(licence, validate=True)
    except ExpressionError:
        return False

    def holds(node: Any) -> bool:
        if isinstance(node, spdx.OR):
            return any(holds(one) for one in node.args)
        if isinstance(node, spdx.AND):
            return all(holds(one) for one in node.args)
        return str(node) in allowed

    return parsed is not None and holds(parsed)


def as_cyclonedx(parts: Parts, needs: Needs, rules: dict[str, Any]) -> str:
    """The list as CycloneDX JSON, the same for the same parts."""
    components = {}
    for name, found in parts.items():
        if name == "gaitviewer":
            version, kind, purl = found.version, ComponentType.APPLICATION, None
        else:
            version, kind = found.version.split("+")[0], ComponentType.LIBRARY  # not which build of torch it is
            purl = PackageURL("pypi", None, name, version)
        licence = LicenseExpression(licence_of(name, found, rules))
        components[name] = Component(
            name=name, version=version, type=kind, purl=purl, licenses=[licence], bom_ref=name
        )
    bom = Bom(components=[one for name, one in components.items() if name != "gaitviewer"])
    bom.metadata.component = components["gaitviewer"]
    for name, others in needs.items():
        bom.register_dependency(components[name], [components[other] for other in sorted(others)])
    table = json.loads(JsonV1Dot6(bom).output_as_string())
    del table["serialNumber"], table["metadata"]["timestamp"]
    return json.dumps(table, indent=1, sort_keys=True) + "\n"


def differences(listed: str, now: str) -> list[str]:
    """What a list says otherwise than another, one line a package."""
    before, after = (
        {
            part["name"]: f"{part['version']} ({part['licenses'][0]['expression']})"
            for part in json.loads(text)["components"]
        }
        for text in (listed, now)
    )
    return [
        f"{name}: listed {before.get(name, 'nowhere')}, installed {after.get(name, 'nowhere')}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def main() -> int:
    """Write or check; 0 good, 1 a licence that is not allowed or a list that is not up to date."""
    parser = argparse.ArgumentParser(description="List the installed packages with versions and licences.")
    parser.add_argument("--check", action="store_true", help="write nothing; compare and judge")
    check = parser.parse_args().check
    rules = tomllib.loads(RULES.read_text(encoding="utf-8"))
    parts, needs = collect(rules)
    wrong = [
        f"{name} {found.version}: {licence_of(name, found, rules) or 'no licence stated'}"
        for name, found in sorted(parts.items())
        if not is_allowed(licence_of(name, found, rules), set(rules["allowed"]))
    ]
    if wrong:
        print("Licences that are not allowed, or cannot be read (installer/licences.toml):", *wrong, sep="\n  ")
        return 1
    now = as_cyclonedx(parts, needs, rules)
    if not check:
        LIST.write_text(now, encoding="utf-8")
    elif (sys.platform, sys.version_info[:2]) == WHERE_LISTED:
        listed = LIST.read_text(encoding="utf-8")
        if listed != now:
            told = differences(listed, now) or ["the same packages, but not what needs what"]
            print("resources/parts.cdx.json is not what is installed here:", *told, sep="\n  ")
            print(f"Write it anew: {sys.executable} installer/parts.py")
            return 1
    print(f"{len(parts) - 1} packages, all with a licence that is allowed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
