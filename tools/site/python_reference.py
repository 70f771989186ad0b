"""Pages of the Python reference: which names stand on which page. mkdocstrings fills them from the docstrings."""
import ast

# Page: (title, module, what stands there, names).
PAGES = {
    "data": ("Data", "lobflow.data", "Symbol-days: found, looked at, simulated, converted.",
             ["open", "Days", "inspect", "Finding", "synth", "convert"]),
    "features": ("Features, labels, studies", "lobflow.study", "What is computed from days.",
                 ["features", "labels", "impact", "feature_list"]),
    "model": ("Models", "lobflow.model", "Training and prediction.", ["train", "Model"]),
    "trade": ("Backtests and runs", "lobflow.trade", "Trading on paper.", ["run", "backtest", "sweep", "latency", "report", "Run"]),
    "own": ("Features, strategies, forecasts of your own", "lobflow", "What is made elsewhere and joins the line; [the guide](../../python.md) "
            "shows how.", ["feature", "Feature", "Strategy", "View", "Working", "Target", "Order", "Cancel", "forecast"]),
    "table": ("Tables", "lobflow.table", "Rows and columns, shared with other libraries.", ["Table"]),
    "distributed": ("Many machines", "lobflow.distributed", "The same calls with a task for each symbol-day.", None),
    "errors": ("Configuration, errors, notes", "lobflow", "What all calls have in common.", None),
}

TYPES = """Names of types in signatures:

| name | is |
|---|---|
| `Path` | a text or anything with `__fspath__` |
| `Config` | None, a mapping (nested, or flat as `{"risk.hold": "2min"}`), or the path of a TOML file; [all keys](../configuration.md) |
| `Progress` | None: a bar on a terminal or in a notebook; True; False; or a function of stage and share (0 to 1) that may return False to stop |"""


def exported(package):
    """The names of lobflow's __all__."""
    for node in ast.parse((package / "__init__.py").read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__":
            return ast.literal_eval(node.value)
    raise ValueError("lobflow has no __all__")


def public(path):
    """Functions and classes of a module that begin with no underscore, in its order."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [n.name for n in ast.parse(path.read_text()).body if isinstance(n, kinds) and not n.name.startswith("_")]


def write(package, folder):
    """Write all pages; a name of __all__ without a page is an error."""
    folder.mkdir(parents=True, exist_ok=True)
    names = exported(package)
    placed = [n for _, _, _, listed in PAGES.values() for n in listed or []]
    rest = [n for n in names if n not in placed]
    rows = []
    for page, (title, module, told, listed) in PAGES.items():
        if page == "errors":
            listed = sorted(rest, key=lambda n: (n.endswith("Error") and n != "LobflowError", n != "config_keys", n))
        elif listed is None:
            listed = public(package / f"{module.rpartition('.')[2]}.py")
        shown = "lobflow.distributed" if page == "distributed" else "lobflow"
        parts = [f"# {title}", told]
        if page == "errors":
            parts.append(TYPES)
        parts += [f"::: {shown}.{name}" for name in listed]
        (folder / f"{page}.md").write_text("\n\n".join(parts) + "\n")
        rows.append(f"| [{title}]({page}.md) | {', '.join(f'[`{n}`][{shown}.{n}]' for n in listed)} |")
    if missing := set(placed) - set(names):
        raise ValueError(f"not in lobflow's __all__: {', '.join(sorted(missing))}")
    (folder / "index.md").write_text(
        "# The Python package\n\n`import lobflow as lf`. Names, defaults and configuration keys are those of the program; "
        "[the guide](../../python.md) says how tables, errors and progress work.\n\n| page | names |\n|---|---|\n" + "\n".join(rows) + "\n")
    return list(PAGES)
