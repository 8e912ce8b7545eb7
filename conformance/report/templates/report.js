"use strict";
// Everything here is a convenience: the page is complete without it. Text is only ever read from the page or set as
// text, never as markup. The filters live in the fragment as #?q=...&verdict=...&at=anchor, so that a link keeps them.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const unfilter = document.getElementById("unfilter");
  const scenarios = all(".scenario").map((element) => ({
    element,
    row: document.querySelector(`.row[data-scenario="${CSS.escape(element.id)}"]`),
    text: `${element.dataset.text} ${all("h3, .why", element).map((x) => x.textContent).join(" ")}`.toLowerCase(),
    cases: all(".case", element).map((item) => ({
      element: item,
      data: item.dataset,
      text: all(".id, .reason, .say, .finding .rule", item).map((x) => x.textContent).join(" ").toLowerCase(),
    })),
  }));
  const total = scenarios.reduce((sum, item) => sum + item.cases.length, 0);
  const filters = ["subject", "capability", "level"];
  let at = "";

  const state = () => {
    const values = new URLSearchParams();
    if (form.q.value.trim()) values.set("q", form.q.value.trim());
    const verdicts = all("[name=verdict]:checked", form).map((box) => box.value);
    if (verdicts.length) values.set("verdict", verdicts.join(","));
    for (const name of filters) if (form.elements[name].value) values.set(name, form.elements[name].value);
    return values;
  };

  const remember = () => {
    const values = state();
    if (at && [...values].length) values.set("at", at);
    const text = values.toString();
    const fragment = text ? `#?${text}` : at ? `#${at}` : location.pathname.split("/").pop() || ".";
    try { history.replaceState(null, "", fragment); } catch { /* Some file:// viewers forbid it; nothing is lost. */ }
  };

  const apply = () => {
    const values = state();
    const terms = (values.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = (values.get("verdict") || "").split(",").filter(Boolean);
    let count = 0;
    for (const scenario of scenarios) {
      const inGroup = !values.has("capability") || scenario.element.dataset.capability === values.get("capability");
      let any = !scenario.cases.length && ![...values].length;
      for (const item of scenario.cases) {
        const visible = inGroup
          && (!verdicts.length || verdicts.includes(item.data.verdict))
          && (!values.has("subject") || item.data.subject === values.get("subject"))
          && (!values.has("level") || item.data.level === values.get("level"))
          && terms.every((term) => scenario.text.includes(term) || item.text.includes(term));
        item.element.hidden = !visible;
        any = any || visible;
        count += visible;
      }
      scenario.element.hidden = !any;
      if (scenario.row) scenario.row.hidden = !any;
    }
    for (const group of all(".cap")) group.hidden = all(".row", group).every((row) => row.hidden);
    unfilter.hidden = ![...values].length;
    unfilter.textContent = `${count} of ${total} shown: show all`;
    shown.textContent = count === total ? `All ${total} cases` : `${count} of ${total} cases`;
  };

  const changed = () => { apply(); remember(); };

  const restore = () => {
    const fragment = location.hash.slice(1);
    if (!fragment.startsWith("?")) {
      try { at = decodeURIComponent(fragment); } catch { at = ""; }
      const target = at && document.getElementById(at);
      // A link must lead somewhere: a case that the filters hide is shown by dropping them.
      if (target && target.closest("[hidden]")) { form.reset(); apply(); }
      if (target) reveal(target);
      if ([...state()].length) remember();
      return;
    }
    const values = new URLSearchParams(fragment.slice(1));
    form.q.value = values.get("q") || "";
    const verdicts = (values.get("verdict") || "").split(",");
    for (const box of all("[name=verdict]", form)) box.checked = verdicts.includes(box.value);
    for (const name of filters) form.elements[name].value = values.get(name) || "";
    at = values.get("at") || "";
    apply();
    const target = at && document.getElementById(at);
    if (target) reveal(target);
  };

  const reveal = (target) => {
    for (let details = target.closest("details"); details; details = details.parentElement.closest("details")) {
      details.open = true;
    }
    target.scrollIntoView();
  };

  const cases = () => all(".case").filter((item) => !item.closest("[hidden]"));
  const move = (step) => {
    const list = cases();
    if (!list.length) return;
    const now = list.indexOf(document.querySelector(".case.at"));
    const next = list[now < 0 ? (step > 0 ? 0 : list.length - 1) : Math.min(Math.max(now + step, 0), list.length - 1)];
    for (const item of all(".case.at")) item.classList.remove("at");
    next.classList.add("at");
    next.querySelector("summary").focus({ preventScroll: true });
    next.scrollIntoView({ block: "center" });
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input[type=search], select, textarea");
    if (event.key === "Escape") {
      if (typing && form.q.value) { form.q.value = ""; changed(); } else if (typing) event.target.blur();
      else { form.reset(); at = ""; changed(); }
    } else if (!typing && event.key === "/") {
      event.preventDefault();
      form.scrollIntoView({ block: "nearest" });
      form.q.focus();
    } else if (!typing && event.key === "j") move(1);
    else if (!typing && event.key === "k") move(-1);
  });

  const copy = async (button, text) => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1600);
  };
  for (const box of all(".copyable")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    const source = box.querySelector("pre, code");
    button.addEventListener("click", () => copy(button, source.textContent));
    box.append(button);
  }

  const themes = ["auto", "light", "dark"];
  const theme = document.getElementById("theme");
  const show = (name) => {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    theme.querySelector("span").textContent = name;
  };
  const saved = () => { try { return localStorage.getItem("conformance-theme"); } catch { return null; } };
  let current = themes.includes(saved()) ? saved() : "auto";
  show(current);
  theme.addEventListener("click", () => {
    current = themes[(themes.indexOf(current) + 1) % themes.length];
    show(current);
    try { localStorage.setItem("conformance-theme", current); } catch { /* The choice then lasts as long as the page. */ }
  });

  for (const element of all(".scripted")) element.hidden = false;
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed));
  unfilter.addEventListener("click", () => form.reset());
  window.addEventListener("hashchange", restore);
  apply();
  restore();
})();
