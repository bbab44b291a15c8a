"""Holds the import table of docs/architecture.md: who may import whom, and what the core never touches."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "generator" / "regpress"

VOCABULARY = {"errors", "digest", "names", "versions", "times", "record"}
EDGES = {"audit_log", "compiled_templates", "content_git", "content_store", "created_files", "iconstore",
         "identity_fetch", "kept", "kept_config", "mapped", "sources", "storage", "output", "workers", "preview_server",
         "probe_fetch", "scaffolding"}  # fmt: skip
USE_CASES = {"access", "admin_changes", "admin_entries", "admin_sources", "auth", "batches", "build", "callers",
             "desk", "element_renewal", "fetching", "gathering", "logins", "objects", "oidc", "ownership", "publish",
             "readings", "registry_tokens", "rendering", "renewal", "service",
             "site", "statuses", "previous", "preview", "probe", "probe_checks", "wiring"}  # fmt: skip
ENTRY_POINTS = {"cli", "asgi"}

LAYERS = ("vocabulary", "records", "core", "edge", "use case", "entry point")
MAY_IMPORT = {
    "vocabulary": {"vocabulary"},
    "records": {"vocabulary", "records"},
    "core": {"vocabulary", "records", "core"},
    "edge": {"vocabulary", "records", "edge"},
    "use case": {"vocabulary", "records", "core", "edge", "use case"},
    "entry point": set(LAYERS),
}
#: Third-party packages that the vocabulary may use: a version order that is not ours to write.
VOCABULARY_USES = {"versions": {"packaging"}}
NEVER_IN_CORE = {"os", "shutil", "subprocess", "socket", "urllib.request", "http", "git", "click", "time", "random",
                 "secrets", "tempfile", "threading", "multiprocessing"}  # fmt: skip


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer(module: str) -> str:
    top = module.partition(".")[0]
    if top in VOCABULARY:
        return "vocabulary"
    if top == "model":
        return "records"
    for names, name in ((EDGES, "edge"), (USE_CASES, "use case"), (ENTRY_POINTS, "entry point")):
        if top in names:
            return name
    return "core"


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def own_imports(module: str) -> set[str]:
    names = {name.removeprefix("regpress.") for name in imports(MODULES[module]) if name.startswith("regpress.")}
    return {name for name in names if name in MODULES and name != module}


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_inwards(module: str) -> None:
    own = layer(module)
    if not module:
        return
    outward = {name for name in own_imports(module) if layer(name) not in MAY_IMPORT[own]}
    assert not outward, f"{module} ({own}) imports {sorted(outward)}"


@pytest.mark.parametrize("module", [name for name in MODULES if layer(name) in {"vocabulary", "records", "core"}])
def test_the_core_is_pure(module: str) -> None:
    used = set(imports(MODULES[module]))
    assert not {name for name in used if name in NEVER_IN_CORE or name.partition(".")[0] in NEVER_IN_CORE}
    assert "pathlib.Path" not in used


@pytest.mark.parametrize("module", [name for name in MODULES if layer(name) == "vocabulary" and name])
def test_the_vocabulary_needs_nothing_but_the_standard_library(module: str) -> None:
    tops = {name.partition(".")[0] for name in imports(MODULES[module])}
    assert tops <= set(sys.stdlib_module_names) | {"regpress", "__future__"} | VOCABULARY_USES.get(module, set())


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: own_imports(module) for module in MODULES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"circle: {' -> '.join((*path, module))}"
        if module not in done:
            for name in graph[module]:
                visit(name, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_git_is_imported_only_where_a_git_source_is_configured() -> None:
    users = {module for module in MODULES if "git" in {name.partition(".")[0] for name in imports(MODULES[module])}}
    assert users <= {"sources.git", "sources.history", "sources.gitcommand"}
    for module, path in MODULES.items():
        top_level = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)]
        assert not any(node.module == "regpress.sources.git" for node in top_level), module


def test_output_is_printed_by_the_command_line_only() -> None:
    for module, path in MODULES.items():
        if layer(module) != "entry point":
            calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
            assert not any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls), module
