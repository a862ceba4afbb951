/**
 * The order of test files within one group. Slow files start first, so that no slow file runs alone
 * at the end.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The slowest come first. On a fresh clone no durations are known, and a file's size does not
 * indicate them.
 */
const slow = [
  /tarballs|simulate\.processes/,
  /explore|conformance-|(postgres|mariadb|etcd|memcached)\.servers|crash|tenant|requirements|bench|demo|documents|run\.docs|faults\.redis/,
];

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const place = slow.findIndex((pattern) => pattern.test(moduleId));
      return project.config.sequence.groupOrder * 10 + (place === -1 ? slow.length : place);
    };
    return (await super.sort(files)).toSorted((one, next) => rank(one) - rank(next));
  }
}
