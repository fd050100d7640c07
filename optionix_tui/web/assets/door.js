"use strict";
// Hands the token of the address in, which the browser has told nobody, and takes it out of the address.
(async () => {
  const token = window.location.hash.slice(1);
  if (!token) return;
  window.history.replaceState(null, "", "/");
  const answer = await fetch("/enter", { method: "POST", body: token, credentials: "same-origin" });
  if (answer.ok) window.location.reload();
  else document.getElementById("words").textContent = "This address has been used: it opens one browser, once.";
})();
