// Dragging a holder to another person of the same row. The keyboard's way (select, M) needs none of this.
let dragged = null;

const target = (table, event) => {
  const cell = event.target instanceof Element ? event.target.closest("td[data-to]") : null;
  return cell && table.contains(cell) && dragged && cell.closest("tr").dataset.profile === dragged ? cell : null;
};
const clear = (table) => table.querySelectorAll(".over").forEach((cell) => cell.classList.remove("over"));

export function watch(table, receiver) {
  if (!table) return;
  table.addEventListener("dragstart", (event) => {
    const chip = event.target.closest?.("[draggable=true]");
    if (!chip) return;
    dragged = chip.closest("tr").dataset.profile;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", chip.textContent.trim());
  });
  table.addEventListener("dragover", (event) => {
    const cell = target(table, event);
    clear(table);
    if (!cell) return;
    event.preventDefault();
    cell.classList.add("over");
  });
  table.addEventListener("drop", (event) => {
    const cell = target(table, event);
    clear(table);
    if (!cell) return;
    event.preventDefault();
    receiver.invokeMethodAsync("DropAsync", Number(dragged), Number(cell.dataset.to)).catch(() => {});
  });
  table.addEventListener("dragend", () => {
    clear(table);
    dragged = null;
  });
}
