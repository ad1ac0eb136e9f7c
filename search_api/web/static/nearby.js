// <lampway-nearby isbn="…" near="54.97,-1.61"> on anybody's page: the nearest places that have a thing.
//
// All words come from the service, so that the widget can say nothing that its pages do not. No cookie, no style sheet of
// the host's is needed or touched, and its Content-Security-Policy needs our origin for script-src and connect-src only.
const ORIGIN = new URL(import.meta.url).origin;
const KINDS = ["isbn", "issn", "title", "work"];
const MOST = 50; // things in one request
const LONGEST = 480; // letters of a thing
const ROOM = 6000; // letters of all things in one address, as it is sent
const PATIENCE = 8000; // ms
const TEXTS = {
  en: {
    label: "Where to get it nearby", wait: "Asking where it is …", none: "No library, archive or museum here has it.",
    down: "That cannot be found out just now.", open: "Search there", all: "All places", here: "Near me",
    asking: "Asking your browser …", refused: "Your browser gave no position.",
  },
  zh: {
    label: "附近何处可得", wait: "正在查询……", none: "这里的图书馆、档案馆和博物馆都没有。",
    down: "暂时无法查询。", open: "前往检索", all: "全部地点", here: "我附近",
    asking: "正在询问浏览器……", refused: "浏览器没有提供位置。",
  },
};
const STYLE = `
  :host { display: block; color: var(--lampway-ink, #1c2326); background: var(--lampway-background, #fff);
    font: var(--lampway-font, 1rem/1.45 system-ui, sans-serif); border: 1px solid var(--lampway-line, #c9c4b8);
    border-radius: var(--lampway-radius, 0.5rem); padding: 0.75rem 1rem; overflow-wrap: anywhere; }
  :host([hidden]) { display: none; }
  p, ul { margin: 0; padding: 0; }
  ul { list-style: none; }
  li { padding: 0.5rem 0; border-top: 1px solid var(--lampway-line, #dcd8ce); }
  li:first-child { border-top: 0; padding-top: 0; }
  a { color: var(--lampway-accent, #114b5f); }
  .facts { display: flex; flex-wrap: wrap; gap: 0 1rem; }
  .good { color: var(--lampway-good, #14623a); } .part { color: var(--lampway-part, #7a4a00); }
  .bad { color: var(--lampway-bad, #8c1d18); } .none { color: var(--lampway-soft, #535c60); }
  .soft { color: var(--lampway-soft, #535c60); font-size: 0.875em; }
  footer { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; align-items: center; margin-top: 0.5rem; }
  button { font: inherit; color: inherit; min-height: 2.25rem; padding: 0 0.75rem; cursor: pointer;
    background: none; border: 1px solid currentcolor; border-radius: var(--lampway-radius, 0.5rem); }
  :focus-visible { outline: 3px solid var(--lampway-accent, #114b5f); outline-offset: 2px; }`;

let sheet = null;
try {
  sheet = new CSSStyleSheet(); // a <style> would need the host's policy to allow it
  sheet.replaceSync(STYLE);
} catch { /* old browsers: plain, and usable */ }

// A position is rounded to about a kilometre before it leaves the page; other text is the name of a place.
const rounded = (near) => {
  const found = /^\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*$/.exec(near);
  return found ? `${Number(found[1]).toFixed(2)},${Number(found[2]).toFixed(2)}` : near.trim();
};
const element = (tag, text = "", kind = "") => {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
};
const link = (address, text) => {
  const made = element("a", text);
  const url = new URL(address, ORIGIN);
  if (/^https?:$/.test(url.protocol)) made.href = url.href;
  made.rel = "noopener";
  return made;
};

let waiting = new Set();
const askSoon = (widget) => {
  if (!waiting.size) setTimeout(flush, 0); // one request for all widgets that the page has by then
  waiting.add(widget);
};
const flush = () => {
  const groups = new Map(); // near and language -> widgets
  for (const widget of waiting) {
    const key = JSON.stringify([widget.near, widget.language]);
    groups.set(key, [...(groups.get(key) ?? []), widget]);
  }
  waiting = new Set();
  for (const widgets of groups.values()) {
    let part = [], room = ROOM;
    for (const widget of widgets) {
      const needed = String(new URLSearchParams({ want: widget.wanted })).length + 1;
      if (part.length && (part.length === MOST || needed > room)) {
        ask(part);
        [part, room] = [[], ROOM];
      }
      part.push(widget);
      room -= needed;
    }
    ask(part);
  }
};
const ask = async (widgets) => {
  const { near, language } = widgets[0];
  const query = new URLSearchParams({ lang: language, ...(near && { near }) });
  for (const wanted of new Set(widgets.map((widget) => widget.wanted))) query.append("want", wanted);
  const turns = widgets.map((widget) => widget.turn);
  let answers = null;
  try {
    const response = await fetch(`${ORIGIN}/api/nearby/cards?${query}`, {
      credentials: "omit", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.ok) answers = new Map((await response.json()).cards.map((card) => [card.want, card]));
  } catch { /* told below */ }
  widgets.forEach((widget, i) => {
    if (widget.turn === turns[i]) widget.show(answers?.get(widget.wanted)); // else it was changed meanwhile
  });
};

class LampwayNearby extends HTMLElement {
  static observedAttributes = [...KINDS, "near", "lang"];
  turn = 0;

  connectedCallback() {
    if (!this.shadowRoot) {
      const root = this.attachShadow({ mode: "open" });
      if (sheet && "adoptedStyleSheets" in root) root.adoptedStyleSheets = [sheet];
      this.status = element("p");
      this.status.setAttribute("role", "status");
      this.list = element("ul");
      this.foot = element("footer");
      root.append(this.status, this.list, this.foot);
    }
    this.renew();
  }

  attributeChangedCallback() {
    if (this.shadowRoot && this.isConnected) this.renew();
  }

  get wanted() {
    const kind = KINDS.find((name) => this.getAttribute(name)?.trim());
    return kind ? [...`${kind}:${this.getAttribute(kind).trim()}`].slice(0, LONGEST).join("") : "";
  }

  get near() {
    return rounded(this.position ?? this.getAttribute("near") ?? "");
  }

  get language() {
    const told = this.closest("[lang]")?.getAttribute("lang") || navigator.language;
    return told.toLowerCase().startsWith("zh") ? "zh" : "en";
  }

  renew() {
    this.turn += 1;
    this.texts = TEXTS[this.language];
    if (!this.hasAttribute("role")) this.setAttribute("role", "region");
    if (!this.hasAttribute("aria-label")) this.setAttribute("aria-label", this.texts.label);
    if (!this.wanted) return;
    this.status.textContent = this.texts.wait;
    askSoon(this);
  }

  show(card) {
    this.list.replaceChildren(...(card?.places ?? []).map((place) => {
      const item = element("li");
      const facts = element("p", "", "facts");
      facts.append(...place.facts.map((fact) => {
        const shown = element("span", fact.text, fact.tone);
        if (fact.note) shown.append(" ", element("span", `· ${fact.note}`, "soft"));
        return shown;
      }));
      const name = element("p");
      name.append(place.address ? link(place.address, place.name) : element("span", place.name));
      item.append(name, facts);
      return item;
    }));
    const said = card ? card.problem || (card.places.length ? "" : this.texts.none) : this.texts.down;
    this.status.textContent = said;
    this.status.hidden = !said;
    this.foot.replaceChildren();
    if (card?.address) this.foot.append(link(card.address, `${this.texts.all} (${card.institutions_count})`));
    else this.foot.append(link(`${ORIGIN}/`, this.texts.open));
    if (!this.getAttribute("near") && !this.position && navigator.geolocation && isSecureContext) {
      const button = element("button", this.texts.here);
      button.type = "button";
      button.addEventListener("click", () => this.locate());
      this.foot.append(button);
    }
    if (card?.credit) this.foot.append(element("span", card.credit, "soft"));
  }

  locate() {
    this.status.hidden = false;
    this.status.textContent = this.texts.asking;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => { this.position = `${coords.latitude},${coords.longitude}`; this.renew(); },
      () => { this.status.textContent = this.texts.refused; },
      { maximumAge: 300000, timeout: 15000 },
    );
  }
}

if (!customElements.get("lampway-nearby")) customElements.define("lampway-nearby", LampwayNearby);
