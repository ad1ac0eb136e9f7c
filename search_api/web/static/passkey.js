// Forms with data-passkey="add|use": asks us for a question (data-question), lets the browser answer it, sends the form.
// Without passkeys in the browser the forms stay hidden, and the other ways to log in are there.
"use strict";

(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const ids = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

  // Browsers before 2025 know neither parseRequestOptionsFromJSON nor toJSON.
  const answered = async (kind, asked) => {
    const publicKey = { ...asked, challenge: bytes(asked.challenge) };
    if (kind === "add") {
      publicKey.user = { ...asked.user, id: bytes(asked.user.id) };
      publicKey.excludeCredentials = ids(asked.excludeCredentials);
      return navigator.credentials.create({ publicKey });
    }
    publicKey.allowCredentials = ids(asked.allowCredentials);
    return navigator.credentials.get({ publicKey });
  };
  const told = ({ id, rawId, type, response, authenticatorAttachment }) => {
    const parts = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) parts[name] = text(response[name]);
    }
    return JSON.stringify({ id, rawId: text(rawId), type, response: parts, authenticatorAttachment });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const status = form.querySelector("[role=status]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      status.hidden = true;
      try {
        const response = await fetch(form.dataset.question, { method: "POST" });
        if (response.redirected) { // to log in, or to show that it is you
          location.assign(response.url);
          return;
        }
        if (!response.ok) throw new Error(response.status);
        form.elements.answer.value = told(await answered(form.dataset.passkey, await response.json()));
        form.submit();
      } catch { // given up, no fitting passkey, or the question cannot be had: the words are the same
        status.hidden = false;
        button.disabled = false;
      }
    });
  }
})();
