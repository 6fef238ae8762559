"use strict";
// A column that is chosen in one picture is chosen in the others, too.
(() => {
  const linked = [...document.querySelectorAll("select[data-linked]")];
  const name = (select) => select.options[select.selectedIndex].text;
  let following = false;
  const follow = (select) => {
    if (following) return;
    following = true;
    for (const other of linked) {
      const place = [...other.options].findIndex((option) => option.text === name(select));
      if (other === select || place < 0 || place === other.selectedIndex) continue;
      other.selectedIndex = place;
      other.dispatchEvent(new Event("change"));
    }
    following = false;
  };
  for (const select of linked) {
    select.addEventListener("change", () => follow(select));
    for (const button of document.querySelectorAll(`button[data-figure="${select.dataset.figure}"]`)) {
      button.addEventListener("click", () => follow(select));
    }
  }
})();
