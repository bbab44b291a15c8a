from __future__ import annotations

from typing import ClassVar

import jinja2
import pytest
from markupsafe import Markup, escape

import hostile
from regpress.html.environment import escaped, make_environment, replaced


def render(template: str, **values: object) -> str:
    return make_environment(jinja2.DictLoader({"t": template})).get_template("t").render(**values)


@pytest.mark.parametrize("value", [*hostile.ATTACKS, "", "plain", "a&b<c>d'e\"f", Markup("<b>&amp;</b>"), 7, None, 1.5])
def test_values_are_escaped_as_the_template_engine_escapes_them(value: object) -> None:
    assert escaped(value) == escape(value)
    assert replaced(str(value)) == escape(str(value)), "where nothing compiled is to be had"
    assert render("{{ v }}{{ v }}<i>{{ v }}</i>", v=value) == f"{escape(value)}{escape(value)}<i>{escape(value)}</i>"


class Record:
    name = "<x>"
    inner: ClassVar = {"key": "<y>"}


def test_attributes_items_loops_and_parts_of_templates_work_as_usual() -> None:
    template = (
        "{% macro m(x) %}[{{ x }}|{{ x }}|{{ x }}]{% endmacro %}"
        "{% set s %}a{{ r.name }}b{{ r.name }}c{% endset %}"
        "{{ s }}{{ m(r.name) }}{{ r.inner['key'] }}{% for i in (1, 2) %}{{ loop.index }}:{{ r.name }};{% endfor %}"
    )
    assert (
        render(template, r=Record)
        == "a&lt;x&gt;b&lt;x&gt;c[&lt;x&gt;|&lt;x&gt;|&lt;x&gt;]&lt;y&gt;1:&lt;x&gt;;2:&lt;x&gt;;"
    )


def test_templates_that_extend_and_include_others_give_the_same_each_time() -> None:
    templates = {
        "around": "<{% block a %}{% endblock %}|{% block b %}{{ v }}{% endblock %}>",
        "part": "({{ v }}{% for i in l %},{{ i }}{{ loop.last }}{% endfor %})",
        "page": '{% extends "around" %}{% block a %}{% if v %}{% include "part" %}{% endif %}{% endblock %}'
        "{% block b %}{{ super() }}!{% endblock %}",
        "empty": "",
        "nothing": '{% extends "around" %}{% block a %}{% endblock %}',
    }
    environment = make_environment(jinja2.DictLoader(templates))
    plain = jinja2.Environment(loader=jinja2.DictLoader(templates), autoescape=True)
    for name in [*templates, *templates]:
        values = {"v": "a&b", "l": ["<", ">"]}
        assert environment.get_template(name).render(values) == plain.get_template(name).render(values)
    assert "(a&amp;b,&lt;False,&gt;True)" in environment.get_template("page").render(values)


def test_a_part_shows_the_same_where_it_stands_as_when_it_is_rendered_by_itself() -> None:
    templates = {
        "row": "{{ i }}{% for i in l %}{{ i }}{% endfor %}{{ i }}{{ v }}",
        "sets": "{% set v = 'set' %}{{ v }}",
        "counts": "{{ loop.index if loop is defined }}",
        "deep": '{% include "row" %}{% include "sets" %}{{ v }}',
        "itself": '{{ v }}{% if v != "end" %}{% with v = "end" %}{% include "itself" %}{% endwith %}{% endif %}',
        "page": '{% for i in l %}{% include "row" %}{% include "counts" %}{% endfor %}'
        '{% include "sets" %}{{ v }}{% include "deep" %}{% include "itself" %}'
        '{% include "none" ignore missing %}{% include "sets" without context %}',
    }
    values = {"v": "a&b", "l": ["<", ">"], "i": "i"}
    environment = make_environment(jinja2.DictLoader(templates))
    plain = jinja2.Environment(loader=jinja2.DictLoader(templates), autoescape=True)
    assert environment.get_template("page").render(values) == plain.get_template("page").render(values)


def test_a_part_that_is_missing_is_an_error_where_it_is_filled() -> None:
    template = make_environment(jinja2.DictLoader({"t": '{% if v %}{% include "none" %}{% endif %}'})).get_template("t")
    assert template.render(v=False) == ""
    with pytest.raises(jinja2.TemplateNotFound, match="none"):
        template.render(v=True)


def test_what_a_record_does_not_have_is_an_error() -> None:
    with pytest.raises(AttributeError, match="missing"):
        render("{{ r.missing }}", r=Record)
    with pytest.raises(jinja2.UndefinedError):
        render("{{ nothing.at_all }}")
    with pytest.raises(AttributeError, match="class"):
        render("{{ r.class }}", r=Record)
