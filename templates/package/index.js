"use strict";
(() => {
  const box = document.getElementById("search");
  const query = document.getElementById("query");
  const found = document.getElementById("found");
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const sections = [...document.querySelectorAll(".place section")].map((section) => ({
    section,
    title: plain(section.querySelector("h3").textContent),
    items: [...section.querySelectorAll(".rows tbody tr, .files li")].map((item) => ({ item, text: null })),
  }));
  const all = sections.reduce((count, each) => count + each.items.length, 0);
  let first = null;

  const search = () => {
    const words = plain(query.value).split(/\s+/).filter(Boolean);
    let hits = 0;
    let seen = 0;
    first = null;
    for (const { section, title, items } of sections) {
      let here = 0;
      for (const each of items) {
        each.text ??= plain(each.item.textContent);
        const hit = words.every((word) => each.text.includes(word) || title.includes(word));
        each.item.hidden = !hit;
        here += hit ? 1 : 0;
        first = first || (hit ? each.item : null);
      }
      section.hidden = words.length > 0 && here === 0 && !words.every((word) => title.includes(word));
      hits += here;
      seen += section.hidden ? 0 : 1;
    }
    for (const place of document.querySelectorAll(".place")) {
      place.hidden = [...place.querySelectorAll("section")].every((section) => section.hidden);
    }
    const none = hits === 0 && seen === 0 ? found.dataset.none : `${found.dataset.found} ${hits} / ${all}`;
    found.textContent = words.length > 0 ? none : "";
  };

  query.addEventListener("input", search);
  query.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      query.value = "";
      search();
    } else if (event.key === "Enter" && first && query.value.trim()) {
      event.preventDefault();
      first.tabIndex = -1;
      first.focus();
    }
  });
  box.hidden = false;
})();
