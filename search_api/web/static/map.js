// Draws the places of a page on a Leaflet map. Reads them from the elements [data-lat][data-lon] of the list beside it,
// so that list and map cannot disagree; stays hidden where there is nothing to show. Leaflet, more than the whole page,
// is fetched when the map comes near the window: on a telephone it stands below the list, and many never see it.
"use strict";

(() => {
  const section = document.querySelector("[data-map]");
  if (!section) return;
  const canvas = section.querySelector(".map-canvas");
  const NAMES_SHOWN = 8;
  const PIN_PIXELS = 28;
  const DOT_PIXELS = 18;
  const RING_METRES = [250, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000];
  const METRES_A_DEGREE = 111195;

  const places = collect();
  if (places.length === 0) return;
  const self = canvas.dataset.near ? canvas.dataset.near.split(",").map(Number) : null;
  section.hidden = false;

  let map, bounds;
  const watch = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    watch.disconnect();
    Promise.all([fetched("link", { rel: "stylesheet", href: section.dataset.style }), fetched("script", { src: section.dataset.script })])
      .then(draw, () => { section.hidden = true; }); // the list beside it says the same
  }, { rootMargin: "300px" });
  watch.observe(section);

  function fetched(tag, properties) {
    const element = Object.assign(document.createElement(tag), properties);
    return new Promise((resolve, reject) => {
      element.onload = resolve;
      element.onerror = reject;
      document.head.append(element);
    });
  }

  function draw() {
    map = L.map(canvas, { scrollWheelZoom: false, zoomSnap: 0.25, attributionControl: Boolean(canvas.dataset.tiles) });
    L.control.scale({ imperial: false }).addTo(map);
    if (canvas.dataset.tiles) drawTiles();
    bounds = L.latLngBounds(places.map((place) => place.point));
    if (self) bounds.extend(self);
    map.fitBounds(bounds.pad(0.12), { maxZoom: 15 });
    if (self) drawSelf();
    places.forEach(drawPlace);
    map.on("zoomend", tidyNames);
    tidyNames();
  }

  function collect() {
    const found = new Map();
    for (const element of document.querySelectorAll("[data-lat][data-lon]")) {
      const point = [Number(element.dataset.lat), Number(element.dataset.lon)];
      if (!point.every(Number.isFinite)) continue;
      const key = point.map((degree) => degree.toFixed(5)).join(",");
      if (!found.has(key)) found.set(key, { point, name: element.dataset.place || "", entries: [] });
      found.get(key).entries.push(element);
    }
    return [...found.values()];
  }

  function drawTiles() {
    map.attributionControl.setPrefix(false);
    // The attribution is the operator's text: shown as text, never as markup.
    L.tileLayer(canvas.dataset.tiles, { attribution: text(canvas.dataset.attribution || "").innerHTML, maxZoom: 19 }).addTo(map);
  }

  // Rings at round distances tell how far things are, with or without a map behind them.
  function drawSelf() {
    const farthest = Math.max(...places.map((place) => map.distance(self, place.point)));
    const step = RING_METRES.find((metres) => farthest / metres <= 3.5);
    const ink = getComputedStyle(canvas).getPropertyValue("--edge").trim();
    const narrowing = Math.cos((self[0] * Math.PI) / 180);
    const centre = bounds.getCenter();
    const away = [centre.lat - self[0], (centre.lng - self[1]) * narrowing];
    const length = Math.hypot(...away);
    const toward = length > 1e-9 ? away.map((part) => part / length) : [1, 0];
    for (let n = 1; step && n <= 4; n += 1) {
      const degrees = (step * n) / METRES_A_DEGREE;
      const label = step * n >= 1000 ? `${(step * n) / 1000} km` : `${step * n} m`;
      L.circle(self, { radius: step * n, color: ink, weight: 1, opacity: 0.7, dashArray: "3 5", fill: false, interactive: false }).addTo(map);
      const at = [self[0] - toward[1] * degrees * 0.6 + toward[0] * degrees * 0.8, self[1] + (toward[0] * 0.6 + toward[1] * 0.8) * degrees / narrowing];
      L.tooltip(at, { content: label, permanent: true, direction: "center", className: "ring", interactive: false }).addTo(map);
    }
    L.marker(self, { icon: pin("", "pin self"), title: canvas.dataset.self, keyboard: false, interactive: false, zIndexOffset: -1000 }).addTo(map);
  }

  function drawPlace(place, order) {
    const numbers = place.entries.map((entry) => entry.dataset.number).filter(Boolean);
    const label = numbers.length > 2 ? `${numbers[0]} +${numbers.length - 1}` : numbers.join(" · ");
    const title = numbers.length ? `${numbers.join(", ")}: ${place.name}` : place.name;
    const marker = L.marker(place.point, { icon: pin(label, "pin"), title, riseOnHover: true, riseOffset: 100000, zIndexOffset: (places.length - order) * 1000 }).addTo(map);
    marker.bindPopup(() => popup(place), { maxWidth: 260 });
    if (!canvas.dataset.tiles && places.length <= NAMES_SHOWN) {
      marker.bindTooltip(text(place.name), { permanent: true, direction: "auto", className: "name", offset: [12 + 3.5 * label.length, 0] });
    }
    for (const entry of place.entries) {
      const light = (on) => () => marker.getElement().firstChild.classList.toggle("lit", on);
      for (const [event, on] of [["mouseenter", true], ["mouseleave", false], ["focusin", true], ["focusout", false]]) {
        entry.addEventListener(event, light(on));
      }
    }
  }

  // A name that would cover a pin or another name is left out; the pin's own title and popup still tell it.
  function tidyNames() {
    const taken = [...canvas.querySelectorAll(".pin, .leaflet-bar")].map((element) => element.getBoundingClientRect());
    for (const name of canvas.querySelectorAll(".leaflet-tooltip.name")) {
      const box = name.getBoundingClientRect();
      const free = taken.every((other) => box.right < other.left || other.right < box.left || box.bottom < other.top || other.bottom < box.top);
      name.style.visibility = free ? "visible" : "hidden";
      if (free) taken.push(box);
    }
  }

  function pin(label, className) {
    const element = document.createElement("span");
    element.className = className;
    element.textContent = label;
    const width = label ? Math.max(PIN_PIXELS, 14 + 7.5 * label.length) : DOT_PIXELS;
    const height = Math.min(width, PIN_PIXELS);
    return L.divIcon({ html: element, className: "pin-point", iconSize: [width, height], iconAnchor: [width / 2, height / 2] });
  }

  function popup(place) {
    const box = document.createElement("div");
    const list = document.createElement("ul");
    let heading = text(place.name);
    for (const entry of place.entries) {
      const link = entry.querySelector("h2 a, h3 a");
      if (!link) continue;
      const copy = document.createElement("a");
      copy.href = link.href;
      copy.lang = link.lang;
      copy.textContent = `${entry.dataset.number ? `${entry.dataset.number}. ` : ""}${link.textContent.trim()}`;
      if (link.textContent.trim() === place.name) { heading = copy; continue; }
      const item = document.createElement("li");
      item.append(copy);
      list.append(item);
    }
    const strong = document.createElement("strong");
    strong.append(heading);
    box.append(strong, list);
    return box;
  }

  function text(content) {
    const element = document.createElement("span");
    element.textContent = content;
    element.dir = "auto";
    return element;
  }
})();
