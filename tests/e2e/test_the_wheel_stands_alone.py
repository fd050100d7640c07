"""The command from a wheel, away from the checkout, in a folder whose names clash with ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRICE = [
    "price",
    "--json",
    "--type",
    "call",
    "--spot",
    "100",
    "--strike",
    "105",
    "--expiry",
    "0.5",
    "--rate",
    "0.05",
    "--volatility",
    "0.25",
]

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of programs of an environment that holds our wheel and sees the dependencies, not the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = place.glob("optionix-*.whl")
    environment = place / "env"
    venv.create(environment, with_pip=False)
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", str(environment), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    site = next(environment.rglob("site-packages"))
    # A plain path line: the dependencies become importable, but not the editable install beside them.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    carry_kernels(site)
    return programs


def carry_kernels(site: Path) -> None:
    """Lay compiled kernels of the checkout beside the wheel's same sources; `price_rows` it compiles itself.

    A kernel is found again where its source has the age and size that it was compiled at, as everywhere.
    """
    for stamp in ROOT.glob("optionix_core/**/*.warm"):
        record = json.loads(stamp.read_text("utf-8"))
        index = Path(record["index"])
        if stamp.name.startswith("price_rows-") or not index.is_file() or ROOT not in index.parents:
            continue
        folder = site / index.parent.relative_to(ROOT)
        folder.mkdir(exist_ok=True)
        for file in index.parent.glob(f"{index.stem}.*"):
            shutil.copy2(file, folder)
        source = f"{index.name.partition('.')[0]}.py"
        age = (index.parent.parent / source).stat()
        os.utime(folder.parent / source, ns=(age.st_atime_ns, age.st_mtime_ns))
        told = site / stamp.relative_to(ROOT)
        told.parent.mkdir(exist_ok=True)
        told.write_text(json.dumps({**record, "index": str(folder / index.name)}), "utf-8")


@pytest.fixture
def clashing_folder(tmp_path: Path) -> Path:
    """A user's project with modules named as ours are."""
    (tmp_path / "config.py").write_text("raise RuntimeError('the wrong config')\n", "utf-8")
    for name in ("server", "screens", "widgets"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise RuntimeError('the wrong {name}')\n", "utf-8")
    return tmp_path


def run(command: list[str], folder: Path) -> str:
    """stdout of a command that must succeed, run in `folder` on a fresh home."""
    environment = {**os.environ, "OPTIONIX_HOME": str(folder / "home")}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_the_six_packages_with_their_data_and_no_tests(installed: Path) -> None:
    (wheel,) = installed.parent.parent.glob("optionix-*.whl")
    import zipfile

    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {name for name in tops if not name.endswith(".dist-info")} == {
        "optionix_tui",
        "optionix_core",
        "screens",
        "widgets",
        "config",
        "server",
    }
    assert any(name.endswith(".tcss") for name in names)
    assert "config/defaults/settings.toml" in names
    assert "optionix_tui/web/assets/page.html" in names


def test_the_program_uses_its_own_packages_in_a_clashing_folder(installed: Path, clashing_folder: Path) -> None:
    price = json.loads(run([str(installed / "optionix"), *PRICE], clashing_folder))
    assert price["price"] == pytest.approx(5.98849042, abs=1e-8)
    listing = run([str(installed / "optionix"), "config", "show", "--json"], clashing_folder)
    assert json.loads(listing)["schema_version"] == 1


def test_the_module_uses_its_own_packages_in_a_clashing_folder(installed: Path, clashing_folder: Path) -> None:
    python = str(next(installed.glob("python*")))
    price = json.loads(run([python, "-m", "optionix_tui", *PRICE], clashing_folder))
    assert price["price"] == pytest.approx(5.98849042, abs=1e-8)


def test_the_first_screen_prints_from_the_wheel(installed: Path, clashing_folder: Path) -> None:
    screen = run([str(installed / "optionix"), "screen", "chain", "--print"], clashing_folder)
    assert "ORBIT" in screen
    assert "SIM" in screen


def test_the_engine_comes_from_the_wheel_and_not_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    python = str(next(installed.glob("python*")))
    origin = run([python, "-c", "import optionix_core; print(optionix_core.__file__)"], tmp_path)
    assert ROOT not in Path(origin.strip()).parents
