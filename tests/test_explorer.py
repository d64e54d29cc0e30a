"""The explorer: a page, its server, and the answers that both give; a browser tries it where there is one."""

import hashlib
import http.client
import json
import math
import re
import shutil
import threading
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from console import answer, replica
from phase_diagrams.exploring import answers
from phase_diagrams.exploring.document import alone, part, plain, served, subject
from phase_diagrams.exploring.plane import Plane, axes_of, plane
from phase_diagrams.exploring.precomputed import precomputed
from phase_diagrams.exploring.server import HOST, Server
from phase_diagrams.exploring.worker import Worker, count
from phase_diagrams.simulating.machines import machine
from replica.errors import ParameterError, ReplicaError, UnknownNameError
from replica.functional.files import template
from replica.solving import solve
from replica.theories import THEORIES, Compositional, CurieWeiss, Hopfield

QUESTION = "states?alpha=0.05&T=0.2"


@cache
def hopfield() -> Plane:
    return plane(Hopfield(alpha=0.05, T=0.2), "alpha", "T")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(hopfield()) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def ask(
    server: Server, what: str, *, method: str = "GET", token: str | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of an answer."""
    connection = http.client.HTTPConnection(HOST, server.server_port, timeout=60)
    path = f"/{server.token if token is None else token}/{what}"
    connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
    found = connection.getresponse()
    text = found.read().decode()
    connection.close()
    return found.status, dict(found.headers), text


def gathered(question: Any, *asked: Any) -> list[dict[str, Any]]:
    """All messages of an answer that comes in parts."""
    found: list[dict[str, Any]] = []
    question(*asked, found.append)
    return found


# -- answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alpha", "T"), [(0.05, 0.2), (0.12, 0.1), (0.03, 0.0), (0.1, 1.3)])
def test_the_server_answers_what_solve_prints(server: Server, alpha: float, T: float) -> None:
    status, _, text = ask(server, f"rest?alpha={alpha}&T={T}")
    told = json.loads(text)
    printed = answer(f"solve hopfield -p alpha={alpha} -p T={T} --branch all")
    assert status == 200
    assert told["missing"] == printed["not_found"]
    assert [one["branch"] for one in told["states"]] == [one["branch"] for one in printed["solutions"]]
    for one, same in zip(told["states"], printed["solutions"], strict=True):
        assert {name: number["value"] for name, number in one["order"].items()} == same["order"]
        assert one["measures"]["free_energy"]["value"] == same["free_energy"]
        assert one["replica_symmetry"] == same["replica_symmetry"]


@pytest.mark.parametrize(("alpha", "T"), [(0.05, 0.2), (0.12, 0.1), (0.03, 0.0), (0.1, 1.3)])
def test_a_point_that_is_dragged_has_the_same_states(alpha: float, T: float) -> None:
    moving, resting = (
        answers.states(hopfield(), {"alpha": alpha, "T": T}, resting=flag) for flag in (False, True)
    )
    for one, same in zip(moving["states"], resting["states"], strict=True):
        assert (one["branch"], one["stability"]) == (same["branch"], same["stability"])
        assert one["order"]["m"]["value"] == pytest.approx(same["order"]["m"]["value"], abs=1e-10)


def test_digits_and_stability_are_told() -> None:
    told = answers.states(hopfield(), {"alpha": 0.05, "T": 0.3})["states"]
    assert [(one["branch"], one["stability"]) for one in told] == [
        ("glass", "stable"),
        ("retrieval", "metastable"),
    ]
    assert re.fullmatch(r"0\.99116\d+\(\d\)", told[1]["order"]["m"]["shown"])
    assert [one["replica_symmetry"] for one in told] == ["broken", "stable"]


def test_a_parameter_without_a_value_is_minimised_over() -> None:
    space = plane(Compositional(alpha=0.5, theta=1.5, g=-0.21), "theta", "g")
    first, second = answers.states(space, {})["states"]
    assert (first["branch"], second["branch"]) == ("retrieval", "glass")
    assert first["over"]["l"]["value"] == pytest.approx(0.383193480646, abs=1e-11)
    assert "f increases with l" in answers.states(space, {"g": -0.3})["missing"]["retrieval"]
    assert "l is minimised over" in answers.profile(space, {}, "m")["why"]


def test_the_curve_goes_through_its_fold_and_the_free_energy_through_the_states() -> None:
    profile, curve = gathered(answers.traces, hopfield(), {"T": 0.0}, "alpha", "m")
    (fold,) = curve["curve"]["special"]
    assert fold["x"] == pytest.approx(0.137905566494931, abs=1e-14)
    assert {one["stability"] for one in curve["curve"]["parts"]} == {"stable", "unstable"}
    for one in profile["profile"]["parts"]:
        middle = one["f"][len(one["f"]) // 2]
        assert middle == pytest.approx(one["value"], abs=1e-14)


def test_the_free_energy_along_m_is_that_of_the_formula() -> None:
    h, T = 0.1, 0.6
    theory = CurieWeiss(T=T, h=h)
    state = solve(theory, "up").x[:, None]
    m, f = answers.along(theory, "m", state, -0.5, 1.2)
    assert f == pytest.approx(m**2 / 2 - T * np.log(2 * np.cosh((m + h) / T)), abs=1e-14)
    assert (m[0, 0], m[0, -1]) == (-0.5, 1.2)


def test_where_others_have_no_solution_the_free_energy_ends() -> None:
    (retrieval, glass) = answers.profile(hopfield(), {}, "m")["parts"]
    assert (retrieval["branch"], glass["branch"]) == ("retrieval", "glass")
    assert retrieval["f"][0] is None
    known = [value for value in glass["f"] if value is not None]
    assert len(known) > 40
    assert min(known) == glass["value"]


def test_samples_are_those_of_the_machine() -> None:
    found: list[dict[str, Any]] = []

    class Enough(Exception):
        pass

    def send(message: dict[str, Any]) -> None:
        found.append(message)
        if len(found) == 3:
            raise Enough

    with pytest.raises(Enough):
        answers.machine(hopfield(), {"T": 0.3}, 1000, send)
    about, *samples = found
    theory = solve(Hopfield(alpha=0.05, T=0.3))
    assert about["observables"]["m"]["theory"] == theory["m"]
    own = machine("hopfield")
    for number, one in enumerate(samples):
        values, _ = own.sample({"alpha": 0.05, "T": 0.3}, 1000, own.sweeps, number, answers.SEED)
        assert one["values"] == {name: values[name] for name in ("m", "q", "energy")}


@pytest.mark.parametrize(
    ("name", "question", "words"),
    [
        ("N", lambda send: answers.machine(hopfield(), {}, 77, send), "N = 77 is none of the sizes"),
        ("name", lambda send: answers.traces(hopfield(), {}, "alpha", "x", send), "order parameter"),
        ("axis", lambda send: answers.traces(hopfield(), {}, "m", "m", send), "unknown axis"),
        (
            "no machine",
            lambda send: answers.machine(plane(CurieWeiss(T=0.5, h=0.1), "h", "T"), {}, 500, send),
            "curie-weiss has no machine",
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(name: str, question: Any, words: str) -> None:
    with pytest.raises((ParameterError, UnknownNameError), match=words):
        question(lambda _: None)


def test_every_theory_with_two_parameters_can_be_explored() -> None:
    alone = {"mixtures": "T", "planted-p-spin": "T", "phase-retrieval": "alpha", "teacher-student": "alpha"}
    for name, kind in THEORIES.items():
        if name in alone:
            with pytest.raises(ParameterError, match=f"has {alone[name]} alone"):
                axes_of(kind)
            continue
        x, y = axes_of(kind)
        assert x != y
        assert all(kind.parameters()[one].continuous for one in (x, y))


# -- a process that computes --------------------------------------------------------------------------------


def fails(send: Any) -> None:
    send({"begun": True})
    message = "no such line"
    raise ReplicaError(message)


def test_the_last_question_wins() -> None:
    worker = Worker()
    try:
        first = worker.ask(count, 10**7)
        assert next(first) == {"n": 0}
        assert list(worker.ask(count, 2)) == [{"n": 0}, {"n": 1}]
        assert list(first) == []
        told = worker.ask(fails)
        assert next(told) == {"begun": True}
        with pytest.raises(ReplicaError, match="no such line"):
            next(told)
        assert list(worker.ask(count, 1)) == [{"n": 0}]
        long = worker.ask(count, 10**7)
        next(long)
        long.close()  # whoever listened has gone
        assert list(worker.ask(count, 1)) == [{"n": 0}]
    finally:
        worker.close()


def test_what_takes_long_comes_in_lines(server: Server) -> None:
    status, headers, text = ask(server, "traces?axis=T&name=free_energy&alpha=0.05")
    profile, curve = map(json.loads, text.splitlines())
    assert (status, headers["Content-Type"]) == (200, "application/x-ndjson; charset=utf-8")
    assert profile["profile"]["name"] == "m"
    assert curve["curve"]["special"][0]["shown"].startswith("0.542255037918")
    _, _, text = ask(server, "machine?N=5&alpha=0.05&T=0.2")
    assert "none of the sizes" in json.loads(text)["error"]


# -- the server ---------------------------------------------------------------------------------------------


def test_the_server_listens_to_this_machine_alone(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert len(server.token) >= 32
    with Server(hopfield()) as other:
        assert other.token != server.token


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (403, {"token": "wrong"}),
        (403, {"token": ""}),
        (403, {"token": "%C3%A9"}),
        (403, {"Host": "evil.example"}),
        (403, {"Host": "127.0.0.1"}),
        (403, {"Sec_Fetch_Site": "cross-site"}),
        (405, {"method": "POST"}),
        (405, {"method": "PUT"}),
        (405, {"method": "DELETE"}),
        (405, {"method": "OPTIONS"}),
        (405, {"method": "HEAD"}),
        (404, {"what": "../server.py"}),
        (404, {"what": "page.html"}),
        (404, {"what": "nothing"}),
        (400, {"what": "states?alpha=2"}),
        (400, {"what": "states?alpha=-0.1"}),
        (400, {"what": "states?alpha=nan"}),
        (400, {"what": "states?alpha=1e999"}),
        (400, {"what": "states?alpha=0.05&alpha=0.06"}),
        (400, {"what": "states?beta=1"}),
        (400, {"what": "states?theory=1"}),
        (400, {"what": "states?alpha"}),
        (400, {"what": "traces?axis=alpha"}),
        (400, {"what": "machine?N=many"}),
        (400, {"what": f"states?{'a' * 3000}=1"}),
        (400, {"what": "traces?axis=alpha&name=m&T=5"}),
        (400, {"what": "diagram?x=alpha"}),
    ],
)
def test_what_the_page_does_not_ask_is_refused(server: Server, status: int, asked: dict[str, Any]) -> None:
    found, headers, text = ask(server, **{"what": QUESTION, **asked})
    assert found == status
    if asked.get("method") != "HEAD":
        assert json.loads(text)["error"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_page_and_its_parts_are_served_with_a_strict_policy(server: Server) -> None:
    kinds = {"": "text/html", "explorer.js": "text/javascript", "explorer.css": "text/css"}
    for what, kind in kinds.items():
        status, headers, text = ask(server, what)
        assert status == 200
        assert headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert text
    assert ask(server, "", Host=f"localhost:{server.server_port}", Sec_Fetch_Site="none")[0] == 200


# -- the page -----------------------------------------------------------------------------------------------


def data(page: str, name: str) -> Any:
    (found,) = re.findall(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    return json.loads(found)


@cache
def lecture() -> str:
    space = plane(CurieWeiss(T=0.5, h=0.1), "h", "T")
    return alone(space, precomputed(space, 4, lambda _: None), {"command": "</script><b>", "date": ""})


@pytest.mark.parametrize("page", ["served", "alone"])
def test_a_page_refers_to_nothing_outside(page: str) -> None:
    text = served(hopfield()) + part("explorer.js") + part("explorer.css") if page == "served" else lecture()
    assert set(re.findall(r"\b[a-z]+://[^\"\s]*", text)) == {
        "http://www.w3.org/2000/svg"
    }  # a name, no address
    assert set(re.findall(r'(?:src|href)="([^"]*)"', text)) <= {"data:,", "explorer.js", "explorer.css"}
    assert not re.search(
        r"innerHTML|insertAdjacentHTML|eval\(|new Function|@import|url\((?!#)", text.replace("url(#", "")
    )
    assert not re.search(r"\son[a-z]+=|style=", text)


def test_the_lecture_page_holds_its_grid() -> None:
    page = lecture()
    grid = data(page, "answers")["grid"]
    states, shape = np.array(grid["state"]), (len(grid["names"]), 4, 4)
    assert states.shape == np.array(grid["values"]["m"], dtype=float).shape == shape
    for i, j in ((1, 1), (3, 2)):
        here = CurieWeiss(T=grid["y"][j], h=grid["x"][i])
        for k, name in enumerate(grid["names"]):
            known = solve(here, name, throw=False)
            if states[k, i, j] > 0:
                assert grid["values"]["m"][k][i][j] == pytest.approx(float(known["m"]), rel=1e-5)
                assert grid["values"]["free_energy"][k][i][j] == pytest.approx(known.free_energy, rel=1e-5)
    assert len(data(page, "answers")["curves"]) == 4
    assert data(page, "answers")["diagram"]["regions"]
    assert data(page, "subject")["origin"]["command"] == "</script><b>"
    assert "<b>" not in page


def test_the_lecture_page_runs_its_own_code_alone() -> None:
    page = lecture()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    for pattern, where in (
        ("<style>(.*?)</style>", "style-src"),
        ('type="module">(.*?)</script>', "script-src"),
    ):
        (text,) = re.findall(pattern, page, re.DOTALL)
        digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{where} &#x27;sha256-{digest}&#x27;" in policy
    assert "connect-src" not in policy  # nothing: default-src


def test_the_subject_names_what_can_be_moved() -> None:
    told = subject(plane(Compositional(alpha=0.5, theta=1.5, g=-0.21), "theta", "g"))
    assert [one["name"] for one in told["sliders"]] == ["alpha", "theta", "g", "p"]
    assert told["minimised"] == {"retrieval": "l"}
    assert told["machine"]["sizes"] == (1000, 2000, 4000)
    assert "free_energy" in told["names"]
    assert subject(plane(CurieWeiss(T=0.5, h=0.1), "h", "T"))["machine"] is None
    assert (plain(r"\tilde{\theta}"), plain(r"\tilde g")) == ("θ\u0303", "g\u0303")


# -- the command --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("explore mixtures", "has T alone"),
        ("explore hopfield -x alpha", "add -y NAME"),
        ("explore hopfield -x alpha -y alpha", "two different parameters"),
        ("explore hopfield -x alpha=0:0.1 -y T -p alpha=0.2", "outside the range that is explored"),
        ("explore hopfield -x alpha=0:0.1:5 -y T", "give alpha=FROM:TO"),
        ("explore compositional -x l -y g", "minimised over"),
        ("explore hopfield -o page.txt", "must end in .html"),
    ],
)
def test_what_cannot_be_explored_is_said_in_a_sentence(line: str, words: str) -> None:
    found = replica(line)
    assert found.exit_code == 2
    assert words in found.stderr


def test_a_model_of_ones_own_is_served_until_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("network.toml").write_text(template())
    seen: list[str] = []

    def interrupted(server: Server) -> None:
        told = answers.states(server.plane, {"alpha": 0.05, "T": 0.2})
        seen.extend([server.address, *(one["branch"] for one in told["states"])])
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", interrupted)
    found = replica("explore network.toml --no-browser -p T=0.2")
    assert (found.exit_code, found.stdout) == (0, f"{seen[0]}\n")
    assert seen[1:] == ["retrieval", "glass"]


def test_the_point_begins_where_it_is_told_to_or_at_a_quarter() -> None:
    found = plane(Hopfield(alpha=0.0, T=0.2), "alpha", "T", given=("T",)).theory
    assert (found.alpha, found.T) == (0.035, 0.2)


# -- a browser ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    with sync.sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except sync.Error as error:
            pytest.skip(f"there is no Chromium: {str(error).splitlines()[0]}")
        yield found
        found.close()


def opened(browser: Any, address: str, scheme: str) -> tuple[Any, list[str]]:
    """The page, and what it complains of: errors, and requests to anywhere else."""
    page, troubles = browser.new_page(color_scheme=scheme, viewport={"width": 1200, "height": 1300}), []
    page.on("console", lambda one: troubles.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "request", lambda one: None if one.url.startswith((address, "data:")) else troubles.append(one.url)
    )
    page.goto(address)
    page.wait_for_selector(".region", state="attached", timeout=120_000)
    return page, troubles


def table(page: Any) -> dict[str, dict[str, str]]:
    """The states that are shown, by branch, when the point is at rest."""
    page.locator("section[aria-label^='States'][aria-busy=false]").wait_for(timeout=60_000)
    head, *rows = page.eval_on_selector_all(
        "section[aria-label^='States'] tr",
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))",
    )
    return {name: {row[0]: row[i] for row in rows} for i, name in enumerate(head) if name}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_click_shows_the_states_that_solve_finds(browser: Any, server: Server, scheme: str) -> None:
    page, troubles = opened(browser, server.address, scheme)
    box = page.locator("svg.plane").bounding_box()
    page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.75 * box["height"])
    page.keyboard.press("Tab")
    found = table(page)
    at = {
        name: float(page.eval_on_selector(f"#slider-{name}", "one => one.value")) for name in ("alpha", "T")
    }
    printed = answer(f"solve hopfield -p alpha={at['alpha']!r} -p T={at['T']!r} --branch all")
    assert set(found) == {one["branch"] for one in printed["solutions"]}
    for one in printed["solutions"]:
        shown = found[one["branch"]]
        for name, value in (*one["order"].items(), ("free energy", one["free_energy"])):
            assert float(shown[name].partition("(")[0]) == pytest.approx(value, abs=1e-12)
    colours = page.eval_on_selector(
        "body", "one => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]"
    )
    light = [sum(map(int, re.findall(r"\d+", one)[:3])) for one in colours]
    assert (light[0] < light[1]) == (scheme == "light")
    assert troubles == []
    page.close()


@pytest.mark.slow
def test_keys_move_the_point_and_are_announced(browser: Any, server: Server) -> None:
    page, troubles = opened(browser, server.address, "light")
    plane_ = page.locator("svg.plane")
    plane_.focus()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    table(page)
    alpha, T = (
        float(page.eval_on_selector(f"#slider-{name}", "one => one.value")) for name in ("alpha", "T")
    )
    assert math.isclose(alpha, 0.05 + 0.14 * (0.01 - 0.001))
    assert math.isclose(T, 0.2 + 1.4 * 0.01)
    assert "T = 0.214" in plane_.get_attribute("aria-label")
    assert "retrieval" in page.locator("[aria-live]").inner_text()
    for control in page.locator("input, select, button").all():  # a screen reader can name each of them
        assert control.evaluate("one => one.labels?.[0]?.textContent || one.textContent")
    page.locator("button", has_text="Start").click()
    page.get_by_text(re.compile("[2-9] samples of N = 1000")).wait_for(timeout=60_000)
    page.locator("button", has_text="Stop").click()
    assert troubles == []
    page.close()


@pytest.mark.slow
def test_the_lecture_page_answers_from_a_file(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "lecture.html"
    path.write_text(lecture(), encoding="utf-8")
    page, troubles = opened(browser, path.as_uri(), "dark")
    page.locator("svg.plane").focus()
    page.keyboard.press("ArrowRight")
    found = table(page)
    grid = data(lecture(), "answers")["grid"]
    h, T = (float(page.eval_on_selector(f"#slider-{name}", "one => one.value")) for name in ("h", "T"))
    i, j = (
        int(np.argmin(np.abs(np.array(axis) - value))) for axis, value in ((grid["x"], h), (grid["y"], T))
    )
    for k, name in enumerate(grid["names"]):
        if grid["state"][k][i][j] > 0:
            assert float(found[name]["m"]) == pytest.approx(grid["values"]["m"][k][i][j])
    assert troubles == []
    page.close()
