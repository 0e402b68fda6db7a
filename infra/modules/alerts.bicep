// What somebody should be told of. Events and their fields: shared/core/events.py. What to do about each: docs/operations.md.
param location string
param tags object
param workspaceId string

@description('E-mail addresses, comma separated.')
param emails string

@description('Whether the sync is switched on; without it no success is no failure.')
param syncEnabled bool

param noSuccessWindow string

@description('Where docs/ can be read; each rule then links to its part of operations.md. Empty: none.')
param documentationUrl string

var addresses = empty(emails) ? [] : split(emails, ',')

var rules = [
  {
    name: 'hunter-sync-failed'
    displayName: 'Hunter: a sync failed'
    description: 'A sync ended with an error. Sign-in and throttling have rules of their own. docs/operations.md: A sync failed.'
    severity: 2
    enabled: true
    window: 'PT15M'
    query: '''
AppTraces
| extend e = parse_json(Message)
| where tostring(e.event) == "sync_failed"
| where tostring(e.code) !in ("sign_in_required", "partner_center_throttled")
| summarize measure = count()
'''
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'hunter-no-success'
    displayName: 'Hunter: no sync has succeeded'
    description: 'Nothing succeeded in the whole window, whatever the reason, silence included. docs/operations.md: No sync has succeeded.'
    severity: 1
    enabled: syncEnabled
    window: noSuccessWindow
    query: '''
AppTraces
| extend e = parse_json(Message)
| where tostring(e.event) == "sync_succeeded"
| summarize measure = count()
'''
    operator: 'LessThan'
    threshold: 1
  }
  {
    name: 'hunter-sign-in-required'
    displayName: 'Hunter: a person must sign in'
    description: 'Nobody is signed in to Partner Center, or the sign-in has died. docs/operations.md: A person must sign in.'
    severity: 1
    enabled: syncEnabled
    window: 'PT15M'
    query: '''
AppTraces
| extend e = parse_json(Message)
| where tostring(e.event) == "sign_in_required"
| summarize measure = count()
'''
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'hunter-throttled'
    displayName: 'Hunter: Partner Center asks for a pause'
    description: 'Three runs or more within an hour were told to slow down. docs/operations.md: Partner Center asks for a pause.'
    severity: 3
    enabled: true
    window: 'PT1H'
    query: '''
AppTraces
| extend e = parse_json(Message)
| where tostring(e.event) == "partner_center_throttled"
| summarize measure = dcount(tostring(e.runId))
'''
    operator: 'GreaterThan'
    threshold: 2
  }
  {
    name: 'hunter-actions-failing'
    displayName: 'Hunter: actions on referrals fail'
    description: 'What people do to referrals does not reach Partner Center, or is not confirmed. docs/operations.md: Actions on referrals fail.'
    severity: 2
    enabled: true
    window: 'PT1H'
    query: '''
AppTraces
| extend e = parse_json(Message)
| where tostring(e.event) == "action_failed"
| summarize measure = dcount(tostring(e.actionId))
'''
    operator: 'GreaterThan'
    threshold: 2
  }
  {
    name: 'hunter-notifications-failing'
    displayName: 'Hunter: people are not told'
    description: 'Messages to a Teams channel or an address keep failing. docs/operations.md: People are not told.'
    severity: 3
    enabled: true
    window: 'PT1H'
    query: '''
AppTraces
| extend e = parse_json(Message)
| where tostring(e.event) == "notification_failed"
| where tostring(e.shown) == "true"
| summarize measure = count()
'''
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'hunter-dynamics-failing'
    displayName: 'Hunter: Dynamics 365 is not in step'
    description: 'Runs against Dynamics 365 end with an error. docs/operations.md: Dynamics 365 is not in step.'
    severity: 2
    enabled: true
    window: 'PT1H'
    query: '''
AppTraces
| extend e = parse_json(Message)
| where tostring(e.event) == "dynamics_run"
| where tostring(e.code) != ""
| summarize measure = count()
'''
    operator: 'GreaterThan'
    threshold: 2
  }
  {
    name: 'hunter-server-errors'
    displayName: 'Hunter: the page returns errors'
    description: 'Several answers with a 5xx status. A failed sync has a rule of its own. docs/operations.md: The page returns errors.'
    severity: 2
    enabled: true
    window: 'PT15M'
    query: '''
AppTraces
| extend e = parse_json(Message)
| where tostring(e.event) == "function_executed"
| where toint(e.status) >= 500 and tostring(e.function) != "sync_referrals"
| summarize measure = count()
'''
    operator: 'GreaterThan'
    threshold: 2
  }
]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'hunter-alerts'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'hunter'
    enabled: true
    emailReceivers: [for (address, index) in addresses: {
      name: 'email-${index}'
      emailAddress: trim(address)
      useCommonAlertSchema: true
    }]
  }
}

resource alertRules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: rule.name
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: rule.displayName
    description: empty(documentationUrl) ? rule.description : '${rule.description} ${documentationUrl}/operations.md#${toLower(replace(replace(last(split(rule.description, 'docs/operations.md: ')), '.', ''), ' ', '-'))}'
    severity: rule.severity
    enabled: rule.enabled
    scopes: [
      workspaceId
    ]
    evaluationFrequency: 'PT15M'
    windowSize: rule.window
    autoMitigate: true
    // A workspace that has not seen a trace yet has no such table, and the deployment would fail on it.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: rule.query
          metricMeasureColumn: 'measure'
          timeAggregation: 'Total'
          operator: rule.operator
          threshold: rule.threshold
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [
        actionGroup.id
      ]
    }
  }
}]

output actionGroupId string = actionGroup.id
