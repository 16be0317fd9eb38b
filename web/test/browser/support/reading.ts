/** The order in which a screen reader reads a page, from Chromium's accessibility tree. */
import assert from 'node:assert/strict';
import type { CDPSession, Page } from 'playwright-core';

interface Read {
  readonly role: string;
  readonly name: string;
  /** Level of a heading; null for other elements. */
  readonly level: number | null;
  /** Whether it is in the main landmark. */
  readonly isMain: boolean;
  readonly backendNodeId: number | null;
}

type TreeNode = Awaited<ReturnType<typeof treeOf>>[number];

async function treeOf(session: CDPSession) {
  return (await session.send('Accessibility.getFullAXTree')).nodes;
}

const CONTROLS = ['button', 'textbox', 'searchbox', 'combobox', 'checkbox', 'radio', 'spinbutton'];
/** Most boxes that are measured: each takes a call. */
const MOST_BOXES = 150;

/** All nodes in order, without those that only group others. */
async function read(session: CDPSession): Promise<Read[]> {
  const nodes = await treeOf(session);
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const found: Read[] = [];
  const visit = (node: TreeNode | undefined, isInMain: boolean): void => {
    if (node === undefined) return;
    const role = String(node.role?.value ?? '');
    const isMain = isInMain || role === 'main';
    const level = node.properties?.find(({ name }) => name === 'level')?.value.value as number | undefined;
    const of = { role, name: String(node.name?.value ?? ''), level: level ?? null, isMain };
    if (!node.ignored) found.push({ ...of, backendNodeId: node.backendDOMNodeId ?? null });
    for (const id of node.childIds ?? []) visit(byId.get(id), isMain);
  };
  visit(nodes[0], false);
  return found;
}

/** Fails unless the content begins with its only first-level heading, and nothing stands above what is read before it. */
export async function assertReadsInOrder(page: Page, what: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const content = (await read(session)).filter(({ isMain }) => isMain);
  const headings = content.filter(({ role }) => role === 'heading');
  assert.deepEqual(
    [headings[0]?.level, headings.filter(({ level }) => level === 1).length],
    [1, 1],
    `${what}: the content has one first heading, before all others`,
  );
  const stops = content.filter(({ role }) => role === 'heading' || CONTROLS.includes(role)).slice(0, MOST_BOXES);
  let before: { readonly name: string; readonly box: Box } | null = null;
  for (const { role, name, backendNodeId } of stops) {
    const box = await boxOf(session, backendNodeId);
    if (box === null) continue;
    if (before !== null && isAbove(box, before.box))
      assert.fail(`${what}: ${role} "${name}" stands above "${before.name}", and is read after it`);
    before = { name, box };
  }
  await session.detach();
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Null if the node has no box. */
async function boxOf(session: CDPSession, backendNodeId: number | null): Promise<Box | null> {
  if (backendNodeId === null) return null;
  const model = await session.send('DOM.getBoxModel', { backendNodeId }).catch(() => null);
  const [left = 0, top = 0, right = 0, , , bottom = 0] = model?.model.border ?? [];
  return model === null ? null : { left, right, top, bottom };
}

/** Whether a box is above another in the same column. Between columns, a box that is read later may begin higher. */
function isAbove(box: Box, other: Box): boolean {
  return box.bottom <= other.top && box.left < other.right && other.left < box.right;
}
