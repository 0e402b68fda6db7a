// The log as pictures: runs, changes, failures, durations, and what Partner Center answers.
param location string
param tags object
param workspaceId string

resource workbook 'Microsoft.Insights/workbooks@2022-04-01' = {
  name: guid(resourceGroup().id, 'hunter-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Hunter: the sync'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: loadTextContent('../workbook.json')
  }
}
