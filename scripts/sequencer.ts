/**
 * The order of test files within one group: what takes long starts first, so that nothing long is
 * left alone at the end.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** On a fresh clone no durations are known, and the size of a file says nothing of them. */
const slow =
  /simulate|explore|conformance-|(postgres|mariadb|etcd|memcached)\.servers|crash|tenant|requirements|bench|demo|tarballs|documents|run\.docs/;

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number =>
      project.config.sequence.groupOrder * 2 + (slow.test(moduleId) ? 0 : 1);
    return (await super.sort(files)).toSorted((one, next) => rank(one) - rank(next));
  }
}
