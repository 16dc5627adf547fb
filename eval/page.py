"""The evaluation area of the chat page: run a question set in the background, watch it, cancel it, read the result.

It asks and scores with the same code as `python -m eval run`.
"""

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

from eval import cases, judge, results
from eval.records import Question, Record, Run
from eval.report import render_report
from eval.run import index_fingerprint, public_settings, run, temporary_assistant
from eval.sets import fitting, parse_questions
from eval.summary import render_summary
from rag.errors import WenjuError
from rag.language import Language
from rag.ui.labels import say
from rag.ui.markup import button, element, escaped
from rag.ui.models import writer
from rag.ui.page import DAY, Page, Session, language_of

if TYPE_CHECKING:
    from rag import Assistant

# One evaluation at a time, over all visitors: it keeps a core busy.
_running = threading.Lock()
# Seconds between two looks at how far it is.
_LOOK = 0.2

FORM = """
const start = () => {
  if (!window.wenju || !wenju.evaluation) return setTimeout(start, 20);
  wenju.evaluation(element, (asked) => trigger("start", asked), () => trigger("cancel", {}));
};
start();
"""


class Cancelled(Exception):
    """The reader wants no more."""


class Job:
    """One evaluation, as its thread and the page see it."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.done: queue.SimpleQueue[Record | Exception | None] = queue.SimpleQueue()

    def note(self, record: Record, fresh: bool) -> None:
        """Take a finished question. Raises Cancelled."""
        self.done.put(record)
        if self.cancelled.is_set():
            raise Cancelled


def build_evaluation(page: Page) -> None:
    """Which questions, start and cancel, progress, the summary and the full report."""
    import gradio as gr

    def shown(request: gr.Request) -> str:
        return render_form(language_of(request))

    def started(session: Session, request: gr.Request, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        language, assistant = language_of(request), page.open(session)
        try:
            if event.set == "seeds":
                questions = cases.select(cases.read_questions(cases.SEED_QUESTIONS), split="dev")
            elif event.set == "feedback" and not str(event.text).strip():
                raise cases.QuestionSetError(say(language, "eval_no_feedback"))
            else:
                questions = parse_questions(str(event.text), language)
        except cases.QuestionSetError as error:
            yield element("p", error.told(language), "wj-status wj-wrong"), "", gr.skip()
            return
        if not _running.acquire(blocking=False):
            yield element("p", say(language, "eval_busy"), "wj-status wj-wrong"), gr.skip(), gr.skip()
            return
        job = Job()
        try:
            yield element("p", say(language, "eval_preparing"), "wj-status wj-doing"), "", job
            for state, result in evaluate(assistant, questions, str(event.set), job, language):
                yield state, result, gr.skip()
        except WenjuError as error:
            yield element("p", error.told(language), "wj-status wj-wrong"), "", gr.skip()
        finally:
            job.cancelled.set()
            _running.release()

    def cancelled(job: Job | None) -> None:
        if job:
            job.cancelled.set()

    job = gr.State(time_to_live=DAY)
    with gr.Column(elem_id="wj-evaluation"):
        form = page.html(FORM)
        state, result = page.html(elem_id="wj-eval-state"), page.html(elem_id="wj-eval-result")
    form.start(started, [page.session], [state, result, job], concurrency_limit=4, **page.own)
    form.cancel(cancelled, [job], None, queue=False, **page.own)
    page.show(shown, [], [form])


def evaluate(
    assistant: "Assistant", questions: list[Question], name: str, job: Job, language: Language
) -> Iterator[tuple[str, str]]:
    """Run the questions in a thread; yields (how far it is, result) as HTML, the result at the end.

    Questions on the sample documents get an index of their own, for the reader's may hold other documents.
    """
    begun, started = time.perf_counter(), datetime.now()
    found: dict[str, Any] = {"total": len(questions), "problems": []}

    def work() -> None:
        source = temporary_assistant([cases.SEEDS], assistant.settings) if name == "seeds" else nullcontext(assistant)
        try:
            with source as asked:
                fit, found["problems"] = fitting(questions, asked.documents(), asked.document)
                found["total"] = len(fit)
                found["index"] = index_fingerprint(asked)
                run(asked, fit, on_record=job.note)
            job.done.put(None)
        except Cancelled:
            job.done.put(None)
        except Exception as error:  # raised again on the reader's side
            job.done.put(error)

    threading.Thread(target=work, name="wenju-evaluation", daemon=True).start()
    records: list[Record] = []
    over = False
    while not over:
        time.sleep(_LOOK)
        while not job.done.empty():
            item = job.done.get()
            if isinstance(item, Exception):
                raise item
            if item is None:
                over = True
            else:
                records.append(item)
        yield render_progress(len(records), found["total"], language), ""
    model, seconds = writer(assistant.settings, language), f"{time.perf_counter() - begun:.0f}"
    key = "eval_cancelled" if len(records) < found["total"] else "eval_done"
    line = say(language, key, done=len(records), total=len(records), model=model, seconds=seconds)
    state = element("p", line, "wj-status")
    if not records:
        yield state, render_summary([], found["problems"], language)
        return
    finished = Run(
        name=results.run_name("page", assistant.settings.llm, started),
        started=started.isoformat(timespec="seconds"),
        commit="",
        questions=name,
        split="dev",
        settings=public_settings(assistant.settings),
        index=found["index"],
        records=tuple(records),
    )
    yield state, render_summary(records, found["problems"], language) + render_download(finished, language)


def render_form(language: Language) -> str:
    """The form: evaluation.js reads it."""
    sets = "".join(
        f'<label class="wj-radio"><input type="radio" name="wj-set" value="{name}"{" checked" if i == 0 else ""}> '
        f"{escaped(say(language, f'set_{name}'))}</label>"
        for i, name in enumerate(("seeds", "feedback", "file"))
    )
    return (
        f"{element('h2', say(language, 'evaluation'))}{element('p', say(language, 'evaluation_note'), 'wj-note')}"
        f'<fieldset class="wj-sets"><legend>{escaped(say(language, "which_set"))}</legend>{sets}'
        f'<input type="file" accept=".jsonl,.json,.txt" hidden aria-label="{escaped(say(language, "set_file"))}">'
        f'</fieldset><div class="wj-offers">{button(say(language, "run"), classes="wj-main-action", run="")}'
        f"{button(say(language, 'cancel'), classes='wj-offer', cancel='')}"
        f"{button(say(language, 'download_cases'), classes='wj-offer', cases='')}</div>"
    )


def render_progress(done: int, total: int, language: Language) -> str:
    """A bar and a line."""
    label = escaped(say(language, "eval_progress", done=done, total=total))
    return f'<p class="wj-status" role="status">{label}</p><progress max="{max(total, 1)}" value="{done}"></progress>'


def render_download(finished: Run, language: Language) -> str:
    """A button that holds the full report and saves it."""
    css = (cases.HERE / "report.css").read_text("utf-8")
    report = json.dumps(render_report(finished, css, judge.load_figures()))
    return button(say(language, "download_report"), classes="wj-offer", report=report, file=f"{finished.name}.html")
