/** The XML documents that WeCom pushes to a suite. */

/** As the official page shows it (90628, 2024-01-09), with a blank before CDATA. */
export function ticketDocument(suiteId: string, ticket: string, nowMs: number): string {
  return `<xml>
<SuiteId><![CDATA[${suiteId}]]></SuiteId>
<InfoType> <![CDATA[suite_ticket]]></InfoType>
<TimeStamp>${Math.floor(nowMs / 1000)}</TimeStamp>
<SuiteTicket><![CDATA[${ticket}]]></SuiteTicket>
</xml>`;
}

export function resetDocument(suiteId: string, authCode: string, nowMs: number): string {
  return `<xml>
<SuiteId><![CDATA[${suiteId}]]></SuiteId>
<AuthCode><![CDATA[${authCode}]]></AuthCode>
<InfoType><![CDATA[reset_permanent_code]]></InfoType>
<TimeStamp>${Math.floor(nowMs / 1000)}</TimeStamp>
</xml>`;
}
