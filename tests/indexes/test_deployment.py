"""What `indexes/README.md` tells people to install can be read and run."""

import configparser
import re
import shlex
from pathlib import Path

import pytest
import yaml

from indexes.__main__ import cli
from indexes.status.metrics import metrics_text
from indexes.status.shelf import Shelf

README = (Path(__file__).parents[2] / "indexes" / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def unit(text):
    """Parse a systemd unit, whose keys are case-sensitive and may come twice."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(text)
    return parser


def command_lines():
    """Return the words after `python` of every command in the document."""
    found = [unit(text)["Service"]["ExecStart"] for text in blocks("ini") if "[Service]" in text]
    found += [line.split("#")[0] for text in blocks("sh") for line in text.splitlines()]
    found += [
        line.split(None, 5)[5].split("||")[0]
        for text in blocks("crontab")
        for line in text.splitlines()
        if line[0].isdigit()
    ]
    words = [shlex.split(line) for line in found]
    return [*words, container()["command"]]


def container():
    (text,) = blocks("yaml")
    job = yaml.safe_load(text)
    return job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]


def test_every_command_of_the_document_is_one_that_exists():
    lines = command_lines()

    assert len(lines) >= 9
    for program, *words in lines:
        assert program.rpartition("/")[2] == "python"
        assert words[:2] == ["-m", "indexes"]
        group = cli.make_context("indexes", words[2:3])
        name, command, _ = cli.resolve_command(group, words[2:])
        command.make_context(name, [word.replace("%i", "ferries") for word in words[3:]])


def test_every_unit_has_the_sections_it_needs():
    units = [unit(text) for text in blocks("ini")]

    assert len(units) == 4
    for each in units:
        assert "Description" in each["Unit"]
        assert ("Service" in each) != ("Timer" in each)
    services = [each["Service"] for each in units if "Service" in each]
    assert [each.get("SuccessExitStatus") for each in services] == [None, None, "75"]
    # The loops stop their rebuilds themselves, so only they are told to.
    assert [each.get("KillMode") for each in services] == ["mixed", "mixed", None]


def test_the_cron_job_of_kubernetes_keeps_one_at_a_time():
    (text,) = blocks("yaml")
    job = yaml.safe_load(text)

    assert (job["kind"], job["spec"]["concurrencyPolicy"]) == ("CronJob", "Forbid")
    volumes = {v["name"] for v in job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]}
    assert {mount["name"] for mount in container()["volumeMounts"]} <= volumes


@pytest.mark.parametrize("name", re.findall(r"# TYPE quotewell_(\w+)", metrics_text(Shelf((), ()))))
def test_every_figure_is_in_the_document(name):
    (table,) = re.findall(r"\| figure .*?\n\n", README, re.DOTALL)

    assert f"`{name}`" in table


def test_the_document_names_no_figure_that_does_not_exist():
    (table,) = re.findall(r"\| figure .*?\n\n", README, re.DOTALL)
    told = {
        name
        for row in table.strip().splitlines()[2:]
        for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }

    assert told == set(re.findall(r"# TYPE quotewell_(\w+)", metrics_text(Shelf((), ()))))
