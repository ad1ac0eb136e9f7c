// Conveniences on top of pages that work without any script: filters and fields unfold on wide screens, the browser's position on
// request, tidy addresses, and a visible "searching" state.
"use strict";

document.documentElement.classList.add("js");

(() => {
  for (const [name, width] of [["filters", "64rem"], ["context", "44rem"]]) {
    const details = document.querySelector(`details.${name}`);
    if (!details) continue;
    const opened = details.open; // by the server: something within is wrong
    const wide = matchMedia(`(min-width: ${width})`);
    const follow = () => { details.open = opened || wide.matches; };
    wide.addEventListener("change", follow);
    follow();
  }

  const form = document.getElementById("search");
  if (form) {
    // Empty fields say nothing: leave them out of the address.
    form.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData.entries()]) {
        if (value === "") event.formData.delete(name);
      }
    });
    const busy = document.querySelector("[data-busy]");
    form.addEventListener("submit", () => {
      document.documentElement.classList.add("busy");
      if (busy) busy.hidden = false;
    });
    // The browser shows the page again as it was left: no longer busy.
    addEventListener("pageshow", () => {
      document.documentElement.classList.remove("busy");
      if (busy) busy.hidden = true;
    });
  }

  const locate = document.querySelector("[data-locate]");
  if (locate && "geolocation" in navigator && isSecureContext) {
    const field = document.getElementById(locate.dataset.locate);
    const status = document.getElementById("near-status");
    locate.hidden = false;
    locate.addEventListener("click", () => {
      status.textContent = locate.dataset.asking;
      navigator.geolocation.getCurrentPosition(
        (position) => {
          // Three decimals, about 100 metres: near enough to rank, too coarse to name a door.
          field.value = `${position.coords.latitude.toFixed(3)},${position.coords.longitude.toFixed(3)}`;
          status.textContent = locate.dataset.found;
          field.focus();
        },
        () => { status.textContent = locate.dataset.refused; },
        { maximumAge: 300000, timeout: 15000 },
      );
    });
  }
})();
