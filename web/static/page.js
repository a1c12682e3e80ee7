// Makes the page answer in place and opens sources beside the answer. Everything here also
// works without it: the same addresses give whole pages, and this module shows parts of them,
// so that one template renders an answer. Text reaches the page only as the server escaped it.

const $ = (selector, root = document) => root.querySelector(selector);
const form = $("#ask");
const panel = $("#panel");
const body = $(".body", panel);
const narrow = matchMedia("(max-width: 63.99rem)");
let asking = null; // AbortController of the question under way
let opening = null; // AbortController of the source being loaded
let opener = null; // the element that takes the focus back when the panel closes
let shown = ""; // address of the open quote

async function load(url, selector, signal) {
  const response = await fetch(url, { signal, headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const part = $(selector, page);
  if (!part) throw new Error(`unexpected page at ${url}`);
  return { part: document.adoptNode(part), title: page.title };
}

function explain(error) {
  if (error.name === "TypeError") return "The server cannot be reached. Is rag serve still running?";
  return "The server sent something that cannot be shown. Reload the page.";
}

// ---- asking -------------------------------------------------------------------------------

function say(text) {
  $("[role=status]", form).textContent = text;
}

function busy(on) {
  $("[type=submit]", form).hidden = on;
  $(".stop", form).hidden = !on;
  $("#answer").setAttribute("aria-busy", String(on));
  $(".clock", form).textContent = "";
}

async function ask(url, { push }) {
  asking?.abort();
  const mine = (asking = new AbortController());
  const started = performance.now();
  const clock = setInterval(() => {
    $(".clock", form).textContent = `${Math.round((performance.now() - started) / 1000)} s`;
  }, 1000);
  close({ refocus: false });
  busy(true);
  say("Reading your documents…");
  try {
    const { part, title } = await load(url, "#answer", mine.signal);
    $("#answer").replaceWith(part);
    document.title = title;
    if (push) history.pushState(null, "", url);
    const quotes = part.querySelectorAll(".quote").length;
    say(`${$("h2", part).textContent}.${quotes ? ` ${quotes} ${quotes === 1 ? "quote" : "quotes"}.` : ""}`);
  } catch (error) {
    say(error.name === "AbortError" ? "Stopped." : explain(error));
  } finally {
    clearInterval(clock);
    if (asking === mine) {
      asking = null;
      busy(false);
    }
  }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  ask(`${form.action}?${new URLSearchParams(new FormData(form))}`, { push: true });
});

$(".stop", form ?? document)?.addEventListener("click", () => {
  asking?.abort();
  $("#q").focus();
});

addEventListener("popstate", () => {
  if (!form) return;
  const given = new URLSearchParams(location.search);
  $("#q").value = given.get("q") ?? "";
  ask(location.href, { push: false });
});

// ---- the source beside the answer ---------------------------------------------------------

async function open(link) {
  opening?.abort();
  const mine = (opening = new AbortController());
  if (!panel.contains(link)) opener = link;
  shown = link.href;
  light(quotesOf(link));
  try {
    const { part } = await load(link.href, "#source, #answer", mine.signal);
    body.replaceChildren(...part.childNodes);
  } catch (error) {
    if (error.name === "AbortError") return;
    body.textContent = explain(error);
  }
  $(".whole", panel).href = shown;
  panel.hidden = false;
  $("#main").inert = narrow.matches; // there it covers the answer
  const mark = $("#quote", body);
  (mark ?? body).scrollIntoView({ block: mark ? "center" : "start" });
  body.focus({ preventScroll: true });
}

function close({ refocus = true } = {}) {
  opening?.abort();
  if (panel.hidden) return;
  panel.hidden = true;
  $("#main").inert = false;
  body.replaceChildren();
  shown = "";
  light([]);
  if (refocus && opener?.isConnected) opener.focus();
}

function step(by) {
  const links = [...document.querySelectorAll("#answer a[data-step]")];
  if (!links.length) {
    $(by > 0 ? "#source a[rel=next]" : "#source a[rel=prev]")?.click();
    return;
  }
  const at = links.findIndex((link) => link.href === shown);
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : (at + by + links.length) % links.length;
  open(links[next]);
}

$(".close", panel).addEventListener("click", () => close());

document.addEventListener("click", (event) => {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[data-cite]");
  const claim = event.target.closest("#answer .claim, #answer .quote");
  const target = link ?? (getSelection().isCollapsed ? claim?.querySelector("a[data-cite]") : null);
  if (!target || !$("#answer")) return; // a source page of its own follows its links
  event.preventDefault();
  open(target);
});

// ---- which quote belongs to which sentence ------------------------------------------------

function quotesOf(element) {
  const quote = element.closest(".quote");
  if (quote) return [quote];
  const names = element.closest(".claim")?.dataset.quotes.split(" ") ?? [];
  const same = [...document.querySelectorAll(".quote")].filter((q) => $("a", q).href === element.href);
  return same.length ? same : names.map((name) => document.getElementById(`quote-${name}`));
}

function light(quotes) {
  const names = quotes.map((quote) => quote.id.replace("quote-", ""));
  for (const quote of document.querySelectorAll(".quote")) {
    quote.classList.toggle("lit", quotes.includes(quote));
  }
  for (const claim of document.querySelectorAll(".claim")) {
    claim.classList.toggle("lit", claim.dataset.quotes.split(" ").some((n) => names.includes(n)));
  }
}

for (const type of ["mouseover", "focusin"]) {
  document.addEventListener(type, (event) => {
    if (!panel.hidden) return; // the open quote stays lit
    const over = event.target.closest?.(".mark, .claim, .quote");
    light(over ? quotesOf(over) : []);
  });
}

// ---- keys ---------------------------------------------------------------------------------

const KEYS = {
  "/": () => ($("#q") ? ($("#q").focus(), $("#q").select()) : null),
  n: () => step(1),
  p: () => step(-1),
  ArrowRight: () => (panel.hidden ? null : step(1)),
  ArrowLeft: () => (panel.hidden ? null : step(-1)),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape") {
    asking ? asking.abort() : close();
    return;
  }
  const typing = event.target.matches?.("input[type=text], textarea, select");
  if (typing || !(event.key in KEYS)) return;
  if (event.key.startsWith("Arrow") && (panel.hidden || event.target.matches("input"))) return;
  event.preventDefault();
  KEYS[event.key]();
});
