/** Corrections of dates that were begun and not brought to their end: the function that did it died. */
import { finishRedating } from '../completion/redate.ts';
import type { RedateDeps } from '../completion/redate.ts';
import { unfinishedRedatings } from '../jobs/redatings.ts';
import type { Logger } from '../logger.ts';
import { finishEach } from './finishing.ts';
import type { IsOver } from './finishing.ts';

/** Users of one run: there is hardly ever one. */
const PAGE = 100;

/** Finishes them. One that is still under way elsewhere is finished by both, which does no harm. */
export async function finishRedatings(deps: RedateDeps & { readonly logger: Logger }, isOver: IsOver) {
  const { docs } = await unfinishedRedatings(deps.db).limit(PAGE).get();
  return finishEach(
    docs.flatMap(({ ref }) => ref.parent.parent?.id ?? []),
    {
      page: PAGE,
      isOver,
      finish: (uid) => finishRedating(uid, deps),
      failure: { event: 'correction.not_finished', fields: (uid) => ({ uid }) },
      logger: deps.logger,
    },
  );
}
